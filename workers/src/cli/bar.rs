//! A bar that shows how far a long command is: on a terminal, and nowhere else.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Characters between the brackets.
const WIDTH: u64 = 30;
/// Shortest time between two pictures.
const PAUSE: Duration = Duration::from_millis(100);

/// A bar on standard error.
#[derive(Debug)]
pub(super) struct Bar {
    total: u64,
    drawn: Option<Instant>,
    shown: bool,
}

impl Bar {
    /// A bar for so many steps; it stays unseen if standard error is no terminal.
    pub(super) fn new(total: u64) -> Self {
        Self { total, drawn: None, shown: std::io::stderr().is_terminal() }
    }

    /// Shows how many steps are done.
    pub(super) fn at(&mut self, done: u64, what: &str) {
        if self.shown && self.drawn.is_none_or(|at| at.elapsed() >= PAUSE) {
            self.drawn = Some(Instant::now());
            self.draw(done, what);
        }
    }

    /// Shows the end and leaves the line.
    pub(super) fn end(&mut self, done: u64, what: &str) {
        if self.shown {
            self.draw(done, what);
            eprintln!();
        }
    }

    fn draw(&self, done: u64, what: &str) {
        eprint!("\r{}\x1b[K", picture(done, self.total, what));
        // A terminal that is gone misses nothing.
        let _ = std::io::stderr().flush();
    }
}

/// `[#####-----]  50 %  5 of 10 requests`.
fn picture(done: u64, total: u64, what: &str) -> String {
    // More than were counted at the start may have come meanwhile.
    let total = total.max(done);
    let (filled, percent) = match total {
        0 => (WIDTH, 100),
        _ => (done * WIDTH / total, done * 100 / total),
    };
    let bar: String = (0..WIDTH).map(|place| if place < filled { '#' } else { '-' }).collect();
    format!("[{bar}] {percent:3} %  {done} of {total} {what}")
}

#[cfg(test)]
mod tests {
    use super::picture;

    #[test]
    fn a_bar_fills_up() {
        assert_eq!(picture(0, 10, "requests"), format!("[{}]   0 %  0 of 10 requests", "-".repeat(30)));
        let half = format!("[{}{}]  50 %  5 of 10 requests", "#".repeat(15), "-".repeat(15));
        assert_eq!(picture(5, 10, "requests"), half);
        let full = "#".repeat(30);
        assert_eq!(picture(12, 10, "requests"), format!("[{full}] 100 %  12 of 12 requests"));
        assert_eq!(picture(0, 0, "requests"), format!("[{full}] 100 %  0 of 0 requests"));
    }
}
