//! TLS by rustls: in front of the webhooks, and towards consumers.

use anyhow::{Context, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::Arc;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Makes rustls use ring everywhere in this process.
pub fn install_provider() {
    // A second call (a test) finds it installed.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("the provider was installed before");
    }
}

/// What a client trusts: the web's authorities, or the one given.
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub fn client(authority: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match authority {
        Some(path) => add_authority(&mut roots, path)?,
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// The listener's side. With `client_ca` a client must show a certificate that this authority vouches for.
///
/// # Errors
/// When a file cannot be read, holds nothing usable, or key and certificate do not fit.
pub fn server(cert: &Path, key: &Path, client_ca: Option<&Path>) -> anyhow::Result<Arc<ServerConfig>> {
    let chain = certificates(cert)?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("cannot read a key from {}", key.display()))?;
    let builder = match client_ca {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            add_authority(&mut roots, path)?;
            ServerConfig::builder().with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build()?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).context("certificate and key do not fit")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    let chain = read().with_context(|| format!("cannot read certificates from {}", path.display()))?;
    if chain.is_empty() {
        bail!("{} holds no certificate", path.display());
    }
    Ok(chain)
}

fn add_authority(roots: &mut RootCertStore, path: &Path) -> anyhow::Result<()> {
    for certificate in certificates(path)? {
        roots.add(certificate).with_context(|| format!("{} holds no authority's certificate", path.display()))?;
    }
    Ok(())
}

/// Whether a certificate names this host: among its alternative names, or as its common name, where
/// Meta's webhook client has it.
#[must_use]
pub fn names(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let listed = alternative.is_some_and(|names| {
        names
            .value
            .general_names
            .iter()
            .any(|name| matches!(name, GeneralName::DNSName(dns) if dns.eq_ignore_ascii_case(host)))
    });
    listed
        || certificate
            .subject()
            .iter_common_name()
            .any(|name| name.as_str().is_ok_and(|name| name.eq_ignore_ascii_case(host)))
}
