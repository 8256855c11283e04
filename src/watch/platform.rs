//! The two platforms that a number can speak.

use crate::format::Format;
use serde::{Deserialize, Serialize};

/// Where a number is hosted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Platform {
    /// At Meta.
    #[serde(rename = "cloud")]
    Cloud,
    /// On a client of the business's own, or a provider's that speaks its format.
    #[serde(rename = "onprem")]
    OnPremises,
}

impl Platform {
    /// The platform that sends a format; normalized events come from neither.
    pub(super) const fn of(source: Format) -> Option<Self> {
        match source {
            Format::Cloud => Some(Platform::Cloud),
            Format::OnPremises => Some(Platform::OnPremises),
            Format::Normalized => None,
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Platform::Cloud => Platform::OnPremises,
            Platform::OnPremises => Platform::Cloud,
        }
    }

    /// The format it sends.
    pub(super) const fn format(self) -> Format {
        match self {
            Platform::Cloud => Format::Cloud,
            Platform::OnPremises => Format::OnPremises,
        }
    }

    /// The word of metrics and logs.
    pub(super) const fn label(self) -> &'static str {
        self.format().label()
    }
}
