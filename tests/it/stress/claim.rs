//! A journal belongs to one process.

use crate::support::consumer::Consumer;
use crate::support::ledger::Promises;
use crate::support::load::promise;
use crate::support::proxy::{Home, Proxy};

#[test]
fn a_second_server_is_refused_and_the_first_goes_on() {
    let (crm, promises) = (Consumer::start(), Promises::default());
    let config = crm.section("crm", "onprem", "");
    let proxy = Proxy::start(&config);
    promise(&proxy, &promises, 0, 1);
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("another-name.db");
    std::os::unix::fs::symlink(proxy.home().journal(), &link).unwrap();
    for path in [proxy.home().journal(), link] {
        let second = Home::new(&config);
        second.set("CUTOVER_JOURNAL__PATH", path.to_str().expect("text"));
        let Err(ended) = second.try_start() else { panic!("a second server was let in") };
        assert_ne!(ended.status.code(), Some(0));
        let journal = proxy.home().journal();
        let said = format!("{} is in use by another cutover", journal.display());
        assert!(ended.log.contains(&said), "{}", ended.log);
    }
    promise(&proxy, &promises, 0, 2);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    // The claim goes with the process.
    let proxy = proxy.kill().start();
    promise(&proxy, &promises, 0, 3);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}
