//! Certificates and keys that are not what they should be are found at the start, and by `check`.

use super::certificates::Authority;
use crate::support::command::{Folder, run};
use crate::support::consumer::Consumer;
use crate::support::proxy::Proxy;

/// Neither `serve` nor `check` goes on with this configuration, and both say why.
#[track_caller]
fn refused(folder: &Folder, config: &str, reason: &str) {
    let file = folder.write("cutover.toml", config);
    let checked = run(&["check", "--config", &file]);
    assert_eq!(checked.code, Some(2), "{checked:?}");
    assert!(checked.stderr.contains(reason), "{}", checked.stderr);
    let Err(ended) = Proxy::try_start(config, &[]) else { panic!("served") };
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.log.contains(reason), "{}", ended.log);
}

#[test]
fn the_listeners_files() {
    let (authority, folder) = (Authority::new("servers"), Folder::new());
    let identity = authority.issue("proxy", &["localhost"]);
    let lines = identity.files(&folder, "own");
    let config = |lines: &str| format!("{}[listen.tls]\n{lines}", Consumer::start().section("crm", "onprem", ""));
    assert!(Proxy::try_start(&config(&lines), &[]).is_ok());

    refused(&folder, &config(&lines.replace("own.pem", "gone.pem")), "gone.pem");
    refused(&folder, &config(&lines.replace("own.key", "gone.key")), "gone.key");
    refused(&folder, &config(&format!("{lines}client_ca = \"/gone/ca.pem\"\n")), "/gone/ca.pem");
    folder.write("other.key", authority.issue("other", &[]).key);
    refused(&folder, &config(&lines.replace("own.key", "other.key")), "do not fit");
    folder.write("empty.pem", "no certificate\n");
    refused(&folder, &config(&lines.replace("own.pem", "empty.pem")), "holds no certificate");
}

#[test]
fn a_consumers_authority() {
    let folder = Folder::new();
    let ca = |path: &str| Consumer::start().section("crm", "onprem", &format!("tls_ca = \"{path}\""));
    let Err(ended) = Proxy::try_start(&ca("/gone/ca.pem"), &[]) else { panic!("served") };
    assert!(ended.log.contains("consumer.crm.tls_ca") && ended.log.contains("/gone/ca.pem"), "{}", ended.log);
    let empty = folder.write("empty.pem", "");
    let Err(ended) = Proxy::try_start(&ca(&empty), &[]) else { panic!("served") };
    assert!(ended.log.contains("holds no certificate"), "{}", ended.log);
}
