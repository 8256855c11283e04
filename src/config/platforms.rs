//! `[cloud]` and `[onprem]`: what the platforms prove themselves with.

use super::Journal;
use super::listen::Listen;
use super::section::Section;
use crate::ingress::{Access, CloudDoor, Doors, OnPremisesDoor};
use std::time::Duration;

pub(super) fn read(root: &mut Section<'_>, listen: &Listen, journal: &Journal) -> (Doors, Option<Duration>) {
    let loopback = listen.webhooks.ip().is_loopback();
    let (cloud, max_event_age) = cloud(root.section("cloud"), loopback, journal);
    let doors = Doors { cloud, on_premises: on_premises(root.section("onprem"), loopback) };
    if [doors.cloud.access(), doors.on_premises.access()] == [Access::Closed, Access::Closed] {
        root.problem(
            "listen.webhooks",
            "others can reach this address and no platform has a credential: set cloud.app_secrets or \
             onprem.authorization, or allow what comes unproven with cloud.allow_unsigned or \
             onprem.allow_unauthenticated",
        );
    }
    (doors, max_event_age)
}

fn cloud(mut section: Section<'_>, loopback: bool, journal: &Journal) -> (CloudDoor, Option<Duration>) {
    let door = CloudDoor {
        verify_token: section.secret("verify_token"),
        app_secrets: section.secrets("app_secrets"),
        authorization: section.secret("authorization"),
        open: section.flag("allow_unsigned") || loopback,
    };
    let max_event_age = section.duration("max_event_age");
    if max_event_age.is_some() && *journal == Journal::None {
        section.problem(
            "max_event_age",
            "needs a journal for its dead letters: leave it out with journal.backend = \"none\"",
        );
    }
    section.finish();
    (door, max_event_age)
}

fn on_premises(mut section: Section<'_>, loopback: bool) -> OnPremisesDoor {
    let door = OnPremisesDoor {
        authorization: section.secret("authorization"),
        turn_secret: section.secret("turn_secret"),
        url_secret: section.secret("url_secret"),
        open: section.flag("allow_unauthenticated") || loopback,
    };
    section.finish();
    door
}
