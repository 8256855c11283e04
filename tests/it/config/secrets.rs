//! A secret comes from the environment, a file or the configuration, and is never printed.

use super::{check, problems};
use crate::support::bodies::{SUPPORT, cloud_text};
use crate::support::command::Folder;
use crate::support::consumer::Consumer;
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use crate::support::signature::meta;

const CRM: &str = "[[consumer]]\nname = \"crm\"\nurl = \"http://127.0.0.1:1/\"\nformat = \"onprem\"\n";

#[test]
fn from_a_file_without_its_last_line_end() {
    let folder = Folder::new();
    for (name, content) in [("unix", "from a file\n"), ("dos", "from a file\r\n"), ("bare", "from a file")] {
        let path = folder.write(name, content);
        let consumer = Consumer::start();
        let config =
            format!("{}[cloud]\napp_secrets = [{{ file = \"{path}\" }}]\n", consumer.section("crm", "cloud", ""));
        let proxy = Proxy::pass_through(&config);
        let body = cloud_text(SUPPORT);
        let signed =
            |secret: &str| Request::post("/webhooks", &body).header("X-Hub-Signature-256", &meta(secret, &body));
        assert_eq!(proxy.send(&signed("from a file")).status, 200, "{name}");
        assert_eq!(proxy.send(&signed("from a file\n")).status, 401, "{name}");
    }
}

#[test]
fn one_that_is_not_there_is_a_problem_of_its_key() {
    let folder = Folder::new();
    let empty = folder.write("empty", "\n");
    let config = format!(
        "{CRM}sign_with = {{ env = \"UNSET\" }}\n[cloud]\nverify_token = {{ file = \"{empty}\" }}\n\
         [onprem]\nauthorization = {{ file = \"/nowhere/auth\" }}\nturn_secret = {{ env = \"EMPTY\" }}\n"
    );
    let outcome = check(&folder.write("cutover.toml", config), &[("EMPTY", "")]);
    let expected = [
        "cloud.verify_token: is empty: anybody knows it",
        "onprem.authorization: cannot read /nowhere/auth: No such file or directory (os error 2)",
        "onprem.turn_secret: is empty: anybody knows it",
        "consumer.crm.sign_with: the environment has no variable UNSET: set it",
    ];
    assert_eq!(problems(&outcome), expected);
}

/// However good or bad the file around them is.
#[test]
fn they_are_never_printed() {
    let folder = Folder::new();
    let file = folder.write("secret", "s3cret-file");
    let good = format!(
        "{CRM}sign_with = \"s3cret-sign\"\n[consumer.headers]\nX-Key = \"s3cret-header\"\n\
         [listen]\nadmin_token = \"s3cret-admin\"\n\
         [cloud]\nverify_token = {{ env = \"TOKEN\" }}\napp_secrets = [\"s3cret-app\", {{ file = \"{file}\" }}]\n\
         [onprem]\nauthorization = \"s3cret-flat\"\nturn_secret = \"s3cret-turn\"\nurl_secret = \"s3cret-url\"\n"
    );
    let broken = [
        good.clone(),
        format!("{good}surprise = 1\n"),
        good.replace("\"s3cret-sign\"", "\"s3cret-sign\\n\""),
        good.replace("\"s3cret-header\"", "\"s3cret\\u0000header\""),
        good.replace("\"s3cret-turn\"", "[\"s3cret-turn\"]"),
        good.replace("\"s3cret-app\"", "{ plain = \"s3cret-app\" }"),
        good.replace("\"s3cret-url\"", "\"s3cret-url"),
        good.replace("\"s3cret-url\"", "s3cret-url"),
        good.replace("url_secret = ", "turn_secret = "),
        good.replace("turn_secret = ", "turn_secret "),
        good.replace("\"s3cret-flat\"", "\"s3cret-flat\" \"s3cret-again\""),
    ];
    for config in broken {
        let outcome = check(&folder.write("cutover.toml", &config), &[("TOKEN", "s3cret-token")]);
        assert!(!outcome.stdout.contains("s3cret") && !outcome.stderr.contains("s3cret"), "{outcome:?}");
    }
}

/// Some consumers are known by what their URL holds.
#[test]
fn nor_are_those_in_a_consumers_url() {
    let config = CRM.replace("http://127.0.0.1:1/", "http://user:s3cret-password@127.0.0.1:1/hook?token=s3cret-token");
    let folder = Folder::new();
    let file = folder.write("cutover.toml", config);
    for arguments in [["check", "--config", &file].as_slice(), &["check", "--probe", "--config", &file]] {
        let outcome = crate::support::command::run(arguments);
        assert!(outcome.stdout.contains("consumer crm: http://127.0.0.1:1/hook as onprem"), "{outcome:?}");
        assert!(!outcome.stdout.contains("s3cret") && !outcome.stderr.contains("s3cret"), "{outcome:?}");
    }
}
