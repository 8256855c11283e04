//! What is deployed beside the program has to name what the program has: metrics and label values in the
//! dashboard and the alerts, a runbook for each alert, files that Compose mounts, the version of the image.

use super::assert_none;
use super::documents::read;
use super::source::sources;
use cutover::event::Kind;
use cutover::fate::{Reason, Rule};
use cutover::format::Format;
use cutover::format::novelty::What;
use cutover::telemetry::{Agreement, Delivery, Outcome};
use cutover::translate::LossCode;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

const DASHBOARD: &str = "deploy/grafana/dashboard.json";
const ALERTS: &str = "deploy/grafana/alerts.yaml";
const CASES: [&str; 2] = ["deploy/grafana/alerts.test.yaml", "deploy/grafana/alerts.week.test.yaml"];
const COMPOSE: &str = "deploy/compose.yaml";

fn text(path: &str) -> String {
    read(path).unwrap_or_else(|reason| panic!("{reason}"))
}

fn dashboard() -> Value {
    serde_json::from_str(&text(DASHBOARD)).expect("the dashboard is JSON")
}

fn panels(dashboard: &Value) -> &[Value] {
    dashboard["panels"].as_array().expect("the dashboard has panels")
}

/// All strings in it.
fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Object(members) => members.values().for_each(|member| strings(member, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Everything that may name a metric, with where it stands.
fn queries() -> Vec<(&'static str, String)> {
    let mut of_dashboard = Vec::new();
    strings(&dashboard(), &mut of_dashboard);
    let rules = [ALERTS].into_iter().chain(CASES).map(|path| (path, text(path)));
    of_dashboard.into_iter().map(|text| (DASHBOARD, text)).chain(rules).collect()
}

/// A metric as a query names it, and what its selector asks of labels.
struct Use {
    metric: String,
    labels: Vec<(String, String)>,
}

fn uses(query: &str) -> Vec<Use> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = query.match_indices("cutover_").map(|(at, _)| query.split_at(at));
    let whole = starts.filter(|(before, _)| !before.ends_with(is_word)).map(|(_, rest)| rest);
    let metric = |rest: &str| {
        let (metric, after) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
        let selector = after.strip_prefix('{').and_then(|inside| inside.split_once('}')).map(|(inside, _)| inside);
        Use { metric: metric.to_owned(), labels: matchers(selector.unwrap_or_default()) }
    };
    whole.map(metric).collect()
}

/// `a="b", c!~"d|e"`, each value of an alternative by itself; what stands for a variable is left out.
fn matchers(selector: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = selector.split('"').collect();
    let pairs = parts.chunks_exact(2);
    let values = pairs.flat_map(|pair| match pair {
        [label, value] => {
            let label = label.trim_matches([',', ' ', '=', '!', '~']).to_owned();
            value.split('|').map(|value| (label.clone(), value.to_owned())).collect()
        }
        _ => Vec::new(),
    });
    values.filter(|(_, value)| !value.starts_with('$')).collect()
}

fn metrics() -> BTreeSet<String> {
    let telemetry = sources().into_iter().filter(|source| source.room() == "telemetry");
    telemetry.flat_map(|source| super::documents::metrics_in(&source.text)).collect()
}

/// The values of a label, where the program has a list of them.
fn closed_list(metric: &str, label: &str) -> Option<Vec<&'static str>> {
    let platforms = || vec![Format::Cloud.label(), Format::OnPremises.label()];
    Some(match (metric, label) {
        ("cutover_webhooks_total", "outcome") => Outcome::ALL.map(Outcome::label).to_vec(),
        ("cutover_deliveries_total", "outcome") => Delivery::ALL.map(Delivery::label).to_vec(),
        ("cutover_config_reloads_total", "outcome") => vec!["applied", "refused"],
        ("cutover_parity_total", "outcome") => Agreement::ALL.map(Agreement::label).to_vec(),
        ("cutover_unknown_total", "what") => What::ALL.map(What::label).to_vec(),
        ("cutover_switches_total", "to") => platforms(),
        (_, "source") => [platforms(), vec!["unknown"]].concat(),
        (_, "from" | "to") => [platforms(), vec![Format::Normalized.label()]].concat(),
        (_, "kind") => Kind::ALL.map(Kind::label).to_vec(),
        (_, "reason") => Reason::ALL.map(Reason::label).to_vec(),
        (_, "rule") => Rule::ALL.map(Rule::label).to_vec(),
        (_, "code") => LossCode::ALL.map(LossCode::label).to_vec(),
        (_, "state") => vec!["ready", "in_flight", "parked", "dead"],
        _ => return None,
    })
}

#[test]
fn every_metric_of_a_query_is_exported_with_that_label_value() {
    let known = metrics();
    let base = |name: &str| {
        let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        histogram.filter(|base| base.ends_with("_seconds")).unwrap_or(name).to_owned()
    };
    let mut problems = Vec::new();
    let mut seen = 0;
    for (path, query) in queries() {
        for Use { metric, labels } in uses(&query) {
            seen += 1;
            let metric = base(&metric);
            if !known.contains(&metric) {
                problems.push(format!("{path} names {metric}, which is not exported"));
            }
            let wrong = labels.into_iter().filter(|(label, value)| {
                closed_list(&metric, label).is_some_and(|values| !values.contains(&value.as_str()))
            });
            problems.extend(wrong.map(|(label, value)| format!("{path}: {metric} has no {label}=\"{value}\"")));
        }
    }
    assert!(seen > 100, "the queries were found: {seen}");
    assert_none(&problems);
}

/// An alert with the lines of its rule.
fn alerts() -> Vec<(String, String)> {
    let text = text(ALERTS);
    let rules = text.split("- alert: ").skip(1).filter_map(|rule| rule.split_once('\n'));
    rules.map(|(name, rest)| (name.trim().to_owned(), rest.to_owned())).collect()
}

#[test]
fn every_alert_has_a_runbook_and_a_test_and_every_runbook_an_alert() {
    let document = text("docs/operating.md");
    let (_, section) = document.split_once("\n## Alerts\n").expect("docs/operating.md has a section for alerts");
    let section = section.split("\n## ").next().unwrap_or_default();
    let headings: BTreeSet<&str> = section.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let cases = CASES.map(text).concat();
    let mut problems = Vec::new();
    for (name, rule) in alerts() {
        let has = |line: &str| rule.lines().any(|own| own.trim_start().starts_with(line));
        let runbook = format!("runbook_url: docs/operating.md#{}", name.to_lowercase());
        let lines = [runbook.as_str(), "for: ", "summary: ", "description: "];
        problems.extend(lines.iter().filter(|line| !has(line)).map(|line| format!("{name} has no line {line}")));
        if !has("labels: {severity: critical}") && !has("labels: {severity: warning}") {
            problems.push(format!("{name} is neither critical nor a warning"));
        }
        if !headings.contains(name.as_str()) {
            problems.push(format!("docs/operating.md has no runbook {name}"));
        }
        if !cases.contains(&format!("alertname=\"{name}\"")) && !cases.contains(&format!("alertname: {name}\n")) {
            problems.push(format!("no case has {name} fire"));
        }
    }
    let names: BTreeSet<String> = alerts().into_iter().map(|(name, _)| name).collect();
    let alone = headings.into_iter().filter(|heading| !names.contains(*heading));
    problems.extend(alone.map(|heading| format!("docs/operating.md has a runbook {heading} without an alert")));
    assert!(!names.is_empty(), "{ALERTS} has alerts");
    assert_none(&problems);
}

#[test]
fn losses_that_come_with_every_body_wake_nobody() {
    let rules = text(ALERTS);
    let left_out: BTreeSet<&str> = rules
        .split("code!~\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .flat_map(|it| it.split('|'))
        .collect();
    let expected = LossCode::ALL.into_iter().filter(|code| code.is_expected()).map(LossCode::label);
    assert_none(&expected.filter(|code| !left_out.contains(code)).map(str::to_owned).collect::<Vec<_>>());
}

fn at(panel: &Value, side: &str) -> u64 {
    panel["gridPos"][side].as_u64().unwrap_or_else(|| panic!("{} has no {side}", panel["title"]))
}

#[test]
fn the_dashboard_can_be_imported_anywhere() {
    let dashboard = dashboard();
    let mut problems = Vec::new();
    let mut texts = Vec::new();
    strings(&dashboard, &mut texts);
    let variables: Vec<&str> =
        dashboard["templating"]["list"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str()).collect();
    let unknown = |text: &str| {
        let names = text.split('$').skip(1).map(|rest| rest.trim_start_matches('{'));
        let names =
            names.map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or(rest));
        names.filter(|name| !variables.contains(name) && !name.starts_with("__")).map(str::to_owned).collect::<Vec<_>>()
    };
    problems.extend(texts.iter().flat_map(|text| unknown(text)).map(|name| format!("no variable is called {name}")));
    if dashboard.get("id").is_some_and(|id| !id.is_null()) || dashboard.get("uid").is_some() {
        problems.push("the dashboard has an id of the Grafana that it came from".to_owned());
    }
    let mut ids = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap_or_default();
        if title.is_empty() || !ids.insert(panel["id"].as_u64()) {
            problems.push(format!("{title:?} has no title, or an id twice"));
        }
        let columns = at(panel, "x")..at(panel, "x") + at(panel, "w");
        let rows = at(panel, "y")..at(panel, "y") + at(panel, "h");
        if columns.end > 24 || !rows.flat_map(|y| columns.clone().map(move |x| (x, y))).all(|cell| cells.insert(cell)) {
            problems.push(format!("{title} lies over another, or beyond the edge"));
        }
        if panel["type"] == "row" {
            continue;
        }
        let described = panel["description"].as_str().is_some_and(|it| it.ends_with('.') && !it.contains(". "));
        let targets = panel["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
        let asks = targets.iter().all(|target| target["expr"].as_str().is_some_and(|expr| !expr.is_empty()));
        let from = [panel].into_iter().chain(targets).all(|it| it["datasource"]["uid"] == "${datasource}");
        if !described || targets.is_empty() || !asks || !from {
            problems.push(format!("{title} has no description of one sentence, no query, or a source of its own"));
        }
    }
    assert_none(&problems);
}

/// Words of lines `key: value`, without a dash, comment or quotes.
fn values<'t>(text: &'t str, key: &str) -> Vec<&'t str> {
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches("- "));
    lines.filter_map(|line| line.strip_prefix(key)).map(|value| value.trim().trim_matches('"')).collect()
}

#[test]
fn images_are_pinned_and_ours_is_of_this_version() {
    let kubernetes = ["front", "scaled", "sidecar"].map(|name| format!("deploy/kubernetes/{name}.yaml"));
    let files = std::iter::once(COMPOSE).chain(kubernetes.iter().map(String::as_str));
    let mut problems = Vec::new();
    for path in files {
        for image in values(&text(path), "image:") {
            let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
            let is_ours = image.starts_with("cutover:");
            if !tag.contains(|c: char| c.is_ascii_digit()) || (is_ours && tag != env!("CARGO_PKG_VERSION")) {
                problems.push(format!("{path}: {image}"));
            }
        }
    }
    for path in ["deploy/README.md", "Dockerfile"] {
        let own = text(path);
        let versions = own.split("cutover:").skip(1).map(|rest| rest.split(|c: char| c != '.' && !c.is_ascii_digit()));
        let other = versions
            .filter_map(|mut words| words.next())
            .filter(|tag| tag.len() > 2 && *tag != env!("CARGO_PKG_VERSION"));
        problems.extend(other.map(|tag| format!("{path}: cutover:{tag}")));
    }
    assert_none(&problems);
}

#[test]
fn what_compose_mounts_is_there() {
    let compose = text(COMPOSE);
    let mounts =
        compose.lines().filter_map(|line| line.trim().strip_prefix("- .")).filter_map(|line| line.split_once(':'));
    let paths: Vec<String> = mounts.map(|(path, _)| format!("deploy/.{path}")).collect();
    assert!(paths.len() >= 5, "the mounts were found: {paths:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_none(&paths.into_iter().filter(|path| !root.join(path).exists()).collect::<Vec<_>>());
}
