//! What is printed: a line as soon as a figure is known, and the table at the end.

use std::time::Duration;

/// The figures so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

struct Row {
    figure: String,
    value: String,
    target: String,
    met: &'static str,
}

impl Report {
    /// A figure without a target.
    pub(crate) fn figure(&mut self, figure: impl Into<String>, value: impl Into<String>) {
        self.push(figure.into(), value.into(), String::new(), "");
    }

    /// A share that should be at least `target`.
    pub(crate) fn at_least(&mut self, figure: impl Into<String>, share: f64, target: f64) {
        let met = if share >= target { "met" } else { "NOT MET" };
        self.push(figure.into(), format!("{share:.2}"), format!(">= {target:.2}"), met);
    }

    /// A multiple that should be at most `target`.
    pub(crate) fn at_most(&mut self, figure: impl Into<String>, multiple: f64, target: f64) {
        let met = if multiple <= target { "met" } else { "NOT MET" };
        self.push(figure.into(), format!("{multiple:.2}"), format!("<= {target:.2}"), met);
    }

    fn push(&mut self, figure: String, value: String, target: String, met: &'static str) {
        println!(
            "  {figure}: {value}{}",
            if target.is_empty() { String::new() } else { format!(" ({target}: {met})") }
        );
        self.rows.push(Row { figure, value, target, met });
    }

    /// Everything once more, as a table.
    pub(crate) fn print_table(&self) {
        let width = |of: fn(&Row) -> &str| self.rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
        let (figure, value, target) = (width(|row| &row.figure), width(|row| &row.value), width(|row| &row.target));
        println!();
        for row in &self.rows {
            println!("{:figure$}  {:>value$}  {:>target$}  {}", row.figure, row.value, row.target, row.met);
        }
    }
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The duration that this share of them stays under.
pub(crate) fn percentile(durations: &[Duration], share: f64) -> Duration {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// p50 and p99 in words.
pub(crate) fn spread(durations: &[Duration]) -> String {
    let millis = |share| percentile(durations, share).as_secs_f64() * 1000.0;
    format!("p50 {:.2} ms, p99 {:.2} ms", millis(0.5), millis(0.99))
}
