//! The one integration binary. What each part proves stands at its head.

// With a browser, Node, curl and PDF tools.
mod browser;
mod documents;
mod samples;
mod tools;
