//! Help, the manual and completions, all from the same definitions.

use crate::support::command::{Folder, run};
use std::process::Command;

const COMMANDS: [&str; 8] = ["serve", "translate", "replay", "check", "schema", "demo", "completions", "man"];

#[test]
fn the_program_lists_its_commands() {
    let help = run(&["--help"]).clean();
    for command in COMMANDS {
        assert!(help.lines().any(|line| line.trim().starts_with(command)), "{command}: {help}");
    }
    assert_eq!(run(&["help"]).clean(), help);
    assert_eq!(run(&["--version"]).clean(), format!("cutover {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn without_arguments_it_explains_itself_and_fails() {
    let outcome = run(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    assert!(outcome.stderr.contains("Usage: cutover"), "{}", outcome.stderr);
    assert_eq!(run(&["translat"]).code, Some(2));
}

/// Each command begins with a sentence and explains every option.
#[test]
fn each_command_explains_itself() {
    for command in COMMANDS {
        let help = run(&[command, "--help"]).clean();
        assert!(help.starts_with(|letter: char| letter.is_ascii_uppercase()), "{help}");
        assert!(help.contains(&format!("Usage: cutover {command}")), "{help}");
        let options: Vec<&str> = help.lines().filter(|line| line.trim_start().starts_with("--")).collect();
        for option in options {
            let explained = option.trim().split("  ").count() > 1 || help.contains(&format!("{option}\n          "));
            assert!(explained, "{command} {option}: {help}");
        }
    }
}

#[test]
fn options_of_the_contract() {
    for (command, options) in [
        ("serve", ["--config", "--forward-to", "--format", "--listen"].as_slice()),
        ("translate", &["--from", "--to", "--config", "--losses", "--message-ids", "--without-phone"]),
        ("replay", &["--to", "--format", "--rate", "--sign-with"]),
        ("check", &["--config", "--probe"]),
    ] {
        let help = run(&[command, "--help"]).clean();
        for option in options {
            assert!(help.contains(option), "{command} {option}");
        }
    }
}

/// The secret that `replay` takes from the environment is not shown as its default.
#[test]
fn help_shows_no_secret() {
    let environment = [("CUTOVER_REPLAY_SECRET", "s3cret")];
    let outcome = crate::support::command::run_with(&["replay", "--help"], &environment, "");
    assert!(!outcome.stdout.contains("s3cret"), "{}", outcome.stdout);
}

#[test]
fn completions_for_the_common_shells() {
    for (shell, mark) in [("bash", "complete -F"), ("zsh", "#compdef cutover"), ("fish", "complete -c cutover")] {
        let script = run(&["completions", shell]).clean();
        assert!(script.contains(mark), "{shell}");
        for command in COMMANDS {
            assert!(script.contains(command), "{shell} {command}");
        }
    }
    assert_eq!(run(&["completions", "cobol"]).code, Some(2));
}

#[test]
fn the_completions_for_bash_are_a_script_that_bash_reads() {
    let folder = Folder::new();
    let file = folder.write("cutover.bash", run(&["completions", "bash"]).clean());
    // Where there is no bash nobody needs them.
    if let Ok(status) = Command::new("bash").args(["-n", &file]).status() {
        assert!(status.success());
    }
}

#[test]
fn the_manual_covers_every_command() {
    let page = run(&["man"]).clean();
    assert!(page.contains(".TH cutover 1"), "a page of section 1");
    for command in COMMANDS {
        assert!(
            page.contains(&format!("cutover {command}")) || page.contains(&format!("cutover\\-{command}")),
            "{command}"
        );
    }
}
