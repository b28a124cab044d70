//! Lists of this dialect: `{data, pagination: {total, page, pageSize, pages}}`, asked for with `page` and
//! `pageSize`.

use super::wire::Pagination;
use crate::http::fault::Fault;
use crate::http::form::Faults;

const SIZE_DEFAULT: u64 = 20;
const SIZE_MAX: u64 = 100;
const NUMBER_MAX: u64 = 1_000_000;

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    number: u64,
    size: u64,
}

impl Page {
    /// The page that a query asks for, and the query's other pairs.
    pub(super) fn read(query: Option<&str>, faults: &mut Faults) -> (Self, Vec<(String, String)>) {
        let mut page = Self { number: 1, size: SIZE_DEFAULT };
        let mut rest = Vec::new();
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_default();
        for (name, value) in pairs {
            let (field, max) = match name.as_str() {
                "page" => (&mut page.number, NUMBER_MAX),
                "pageSize" => (&mut page.size, SIZE_MAX),
                _ => {
                    rest.push((name, value));
                    continue;
                }
            };
            match value.parse::<u64>() {
                Ok(number) if (1..=max).contains(&number) => *field = number,
                _ => faults.push(Fault::parameter(&name, format!("{name} is a whole number from 1 to {max}."))),
            }
        }
        (page, rest)
    }

    /// Most items that the page holds.
    pub(super) fn limit(self) -> i64 {
        self.size as i64
    }

    /// How many items stand on the pages before it.
    pub(super) fn offset(self) -> i64 {
        ((self.number - 1) * self.size) as i64
    }

    /// The page among all of `total` items.
    pub(super) fn of(self, total: i64) -> Pagination {
        let total = u64::try_from(total).unwrap_or(0);
        Pagination { total, page: self.number, page_size: self.size, pages: total.div_ceil(self.size) }
    }
}
