//! Who receives an event: the consumers of its number.

use crate::event::{Address, Number};

/// The account id of the dashboard's test button.
const TEST_ACCOUNT: &str = "0";

/// Whether this is the dashboard's test button: it always says the same, and everybody hears it.
#[must_use]
pub fn is_test(address: &Address) -> bool {
    address.account.as_deref() == Some(TEST_ACCOUNT)
}

/// A number and its consumers, by their place in the list of consumers.
#[derive(Debug, Clone)]
pub struct Route {
    /// The number.
    pub number: Number,
    /// Its consumers.
    pub deliver_to: Vec<usize>,
}

/// All routes.
#[derive(Debug, Clone)]
pub struct Routes {
    routes: Vec<Route>,
    consumers: usize,
}

/// Where an event goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Destination<'r> {
    /// To these consumers; the number, where it is a configured one.
    Consumers(Vec<usize>, Option<&'r Number>),
    /// Numbers are configured, and the event's is none of them.
    UnknownNumber,
}

impl Routes {
    /// Routes to some of `consumers` consumers.
    #[must_use]
    pub const fn new(routes: Vec<Route>, consumers: usize) -> Self {
        Self { routes, consumers }
    }

    /// Whether no number is configured: then everybody receives everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }

    /// The configured number that has this id or phone number.
    #[must_use]
    pub fn number(&self, id: &str) -> Option<&Number> {
        self.route(id).map(|route| &route.number)
    }

    /// The number, where there is just one.
    #[must_use]
    pub fn only_number(&self) -> Option<&Number> {
        match self.routes.as_slice() {
            [route] => Some(&route.number),
            _ => None,
        }
    }

    fn route(&self, id: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.number.answers_to(id))
    }

    /// Where an event of this address goes.
    #[must_use]
    pub fn destination(&self, address: &Address) -> Destination<'_> {
        let everybody = || Destination::Consumers((0..self.consumers).collect(), None);
        if self.routes.is_empty() || is_test(address) {
            return everybody();
        }
        if address.names_number {
            let named = [&address.number, &address.display_phone_number].into_iter().flatten();
            let route = named.into_iter().find_map(|id| self.route(id));
            return route.map_or(Destination::UnknownNumber, |route| {
                Destination::Consumers(route.deliver_to.clone(), Some(&route.number))
            });
        }
        let of_account =
            |route: &&Route| address.account.is_some() && route.number.business_account_id == address.account;
        let mut consumers: Vec<usize> =
            self.routes.iter().filter(of_account).flat_map(|route| route.deliver_to.iter().copied()).collect();
        consumers.sort_unstable();
        consumers.dedup();
        if consumers.is_empty() { everybody() } else { Destination::Consumers(consumers, None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let route = |id: &str, account: &str, deliver_to: &[usize]| Route {
            number: Number {
                phone_number_id: Some(id.to_owned()),
                business_account_id: Some(account.to_owned()),
                ..Number::default()
            },
            deliver_to: deliver_to.to_vec(),
        };
        Routes::new(vec![route("1", "10", &[0]), route("2", "20", &[1, 0]), route("3", "20", &[1])], 3)
    }

    fn goes(number: Option<&str>, account: Option<&str>, names_number: bool) -> Option<Vec<usize>> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let address =
            Address { number: owned(number), display_phone_number: None, account: owned(account), names_number };
        match routes().destination(&address) {
            Destination::Consumers(consumers, _) => Some(consumers),
            Destination::UnknownNumber => None,
        }
    }

    #[test]
    fn numbers_accounts_and_the_test_button() {
        assert_eq!(goes(Some("1"), Some("10"), true), Some(vec![0]));
        assert_eq!(goes(Some("9"), Some("10"), true), None);
        assert_eq!(goes(None, None, true), None);
        assert_eq!(goes(None, Some("20"), false), Some(vec![0, 1]));
        assert_eq!(goes(None, Some("99"), false), Some(vec![0, 1, 2]));
        assert_eq!(goes(Some("9"), Some("0"), true), Some(vec![0, 1, 2]));
    }
}
