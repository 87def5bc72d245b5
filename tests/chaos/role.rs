//! What a process of its own hears from the one that started it: lines on standard input, the end of which ends it.

use std::io::BufRead as _;

use tokio::sync::mpsc;

/// Orders, in their order.
#[derive(Debug)]
pub(crate) struct Orders(mpsc::UnboundedReceiver<String>);

impl Orders {
    /// Reads standard input from a thread of its own, which ends with it.
    pub(crate) fn read() -> Self {
        let (to, orders) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if to.send(line).is_err() {
                    return;
                }
            }
        });
        Self(orders)
    }

    /// The next one; none: whoever gave them is gone, or wants this to end. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<String> {
        self.0.recv().await
    }
}
