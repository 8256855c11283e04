//! `check --probe`: is somebody there. Nothing is sent.

use crate::support::command::{Folder, Outcome, run};
use crate::support::consumer::Consumer;
use crate::support::eventually;

fn probe(config: &str) -> Outcome {
    let folder = Folder::new();
    run(&["check", "--probe", "--config", &folder.write("cutover.toml", config)])
}

#[test]
fn a_consumer_that_is_there_is_reached_and_sent_nothing() {
    let (crm, shadow) = (Consumer::start(), Consumer::start());
    let output = probe(&[crm.section("crm", "onprem", ""), shadow.section("shadow", "cloud", "")].concat()).clean();
    assert!(output.contains("consumer crm: reached\nconsumer shadow: reached\nok\n"), "{output}");
    for consumer in [crm, shadow] {
        eventually("the connection", || (consumer.connections() == 1).then_some(()));
        assert_eq!(consumer.requests().len(), 0);
    }
}

#[test]
fn one_that_is_not_there_is_named_and_the_rest_are_tried_all_the_same() {
    let crm = Consumer::start();
    let gone = "[[consumer]]\nname = \"gone\"\nurl = \"http://127.0.0.1:1/\"\nformat = \"onprem\"\n";
    let outcome = probe(&format!("{gone}{}", crm.section("crm", "onprem", "")));
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stdout.contains("consumer crm: reached") && !outcome.stdout.ends_with("ok\n"), "{outcome:?}");
    assert!(outcome.stderr.starts_with("error: consumer gone: cannot connect to http://127.0.0.1:1/"), "{outcome:?}");
}

#[test]
fn a_configuration_with_problems_is_not_probed() {
    let crm = Consumer::start();
    let outcome = probe(&crm.section("crm", "onprem", "surprise = 1"));
    assert_eq!(outcome.code, Some(2));
    assert_eq!(crm.connections(), 0);
}
