//! The status page in a real browser, in front of a real server: what an operator sees, presses and types.

mod access;
mod letters;
mod playground;
mod status;

use crate::support::browser::Browser;
use crate::support::proxy::Proxy;

/// Where the page is.
fn address(proxy: &Proxy) -> String {
    format!("http://{}/", proxy.admin)
}

/// The page, once it shows something; `None` where there is no browser.
fn opened(proxy: &Proxy) -> Option<Browser> {
    let browser = Browser::open(&address(proxy))?;
    browser.wait_for("#live", "live");
    Some(browser)
}

/// Nothing went wrong in the page without a word.
fn assert_quiet(browser: &Browser) {
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
