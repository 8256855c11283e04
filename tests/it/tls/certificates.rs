//! Authorities, certificates, and both ends of a TLS connection.

use crate::support::command::Folder;
use crate::support::consumer::Consumer;
use crate::support::http::{self, Answer, Request};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

/// Who vouches for certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = named(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate with a common name and alternative names.
    pub(crate) fn issue(&self, common_name: &str, alternative: &[&str]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = named(common_name, alternative).signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }
}

fn named(common_name: &str, alternative: &[&str]) -> CertificateParams {
    let alternative: Vec<String> = alternative.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(alternative).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

impl Identity {
    /// Writes both files; their lines in a configuration's table.
    pub(super) fn files(&self, folder: &Folder, name: &str) -> String {
        let certificate = folder.write(&format!("{name}.pem"), &self.certificate);
        let key = folder.write(&format!("{name}.key"), &self.key);
        format!("cert = \"{certificate}\"\nkey = \"{key}\"\n")
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()]
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Sends a request over TLS to `localhost`, trusting `authority`, as `client` where there is one.
pub(super) fn send(
    to: SocketAddr,
    authority: &Authority,
    client: Option<&Identity>,
    request: &Request,
) -> io::Result<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(identity) => builder.with_client_auth_cert(identity.chain(), identity.key()).unwrap(),
    };
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, http::connect(to));
    stream.write_all(&request.bytes())?;
    stream.flush()?;
    http::read_answer(&mut stream)
}

/// A consumer behind TLS.
pub(super) fn consumer(identity: &Identity) -> Consumer {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_no_client_auth().with_single_cert(identity.chain(), identity.key()).unwrap());
    Consumer::wrapped(Arc::new(move |socket| {
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        Ok(Box::new(StreamOwned::new(connection, socket)))
    }))
}

/// The `[[consumer]]` of a consumer behind TLS.
pub(super) fn section(consumer: &Consumer, host: &str, more: &str) -> String {
    let address = consumer.address().to_string();
    let there = address.replace("127.0.0.1", host);
    consumer.section("crm", "onprem", more).replace(&format!("http://{address}"), &format!("https://{there}"))
}
