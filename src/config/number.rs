//! `[[number]]`: business phone numbers and who receives their events.

use super::section::Section;
use crate::delivery::Settings;
use crate::event::Number;
use crate::format::Format;
use crate::routing::{Route, Routes};

pub(super) fn read_all(root: &mut Section<'_>, consumers: &[Settings]) -> Routes {
    let mut routes: Vec<Route> = Vec::new();
    for (index, section) in root.sections("number").into_iter().enumerate() {
        let route = read(section, index, consumers);
        if routes.iter().any(|other| are_one(&route.number, &other.number)) {
            root.problem("number", "two have the same name or number: each number stands once");
        }
        routes.push(route);
    }
    Routes::new(routes, consumers.len())
}

fn are_one(one: &Number, other: &Number) -> bool {
    let ids = [&other.phone_number_id, &other.display_phone_number];
    one.name == other.name || ids.into_iter().flatten().any(|id| one.answers_to(id))
}

fn read(mut section: Section<'_>, index: usize, consumers: &[Settings]) -> Route {
    let number = Number {
        name: section.text("name").unwrap_or_else(|| format!("number-{}", index + 1)),
        phone_number_id: section.text("phone_number_id"),
        display_phone_number: section.text("display_phone_number"),
        business_account_id: section.text("business_account_id"),
    };
    if number.phone_number_id.is_none() && number.display_phone_number.is_none() {
        section.problem("phone_number_id", "is missing: a number is known by it, or by display_phone_number");
    }
    let mut deliver_to = Vec::new();
    for name in section.words("deliver_to").unwrap_or_default() {
        match consumers.iter().position(|consumer| consumer.name == name) {
            Some(consumer) if deliver_to.contains(&consumer) => {
                section.problem("deliver_to", &format!("{name:?} stands twice: it would receive everything twice"));
            }
            Some(consumer) => deliver_to.push(consumer),
            None => section.problem("deliver_to", &format!("no consumer is called {name:?}")),
        }
    }
    if deliver_to.is_empty() {
        section.problem("deliver_to", "names nobody: write the names of consumers, such as [\"crm\"]");
    }
    let names_it = |consumer: &usize| consumers.get(*consumer).is_some_and(|consumer| consumer.format == Format::Cloud);
    if number.phone_number_id.is_none() && deliver_to.iter().any(names_it) {
        section
            .problem("phone_number_id", "is missing: a consumer of the format cloud is told it, and none is made up");
    }
    section.finish();
    Route { number, deliver_to }
}
