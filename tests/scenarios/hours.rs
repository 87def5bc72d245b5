//! Business hours: whether a queue is served at a moment of some calendar.

use skein::domain::time::Timestamp;
use skein::domain::view::WorkState;

use crate::desk::{AUTO, config, staffed};
use crate::kit::Scenario;

rows! {
    chatwoot_153: "a morning of a weekday" => served("UTC", WEEKDAYS, "2020-10-26T10:00Z", true);
    chatwoot_154: "a Sunday that is closed" => served("UTC", WEEKDAYS, "2020-11-01T13:00Z", false);
    chatwoot_155: "a minute within the hours" => served("UTC", WEEKDAYS, "2021-09-10T12:30Z", true);
    chatwoot_156: "a minute after the hours" => served("UTC", WEEKDAYS, "2021-09-10T17:30Z", false);
    chatwoot_157: "a day that is open all day" => all_day();
    chatwoot_159: "the first minute of the hours in a zone far from UTC" =>
        served("Australia/Sydney", WEEKDAYS, "2022-10-09T22:00Z", true);
}

const WEEKDAYS: &str = r#"
mon = ["09:00-17:00"]
tue = ["09:00-17:00"]
wed = ["09:00-17:00"]
thu = ["09:00-17:00"]
fri = ["09:00-17:00"]
"#;

/// What comes at that moment is given to who is there, or waits; and the queue says so.
fn served(zone: &str, week: &str, at: &str, open: bool) {
    let hours = format!("[[hours]]\nname = \"office\"\nzone = \"{zone}\"\n{week}\n");
    let sections = hours + &staffed(&format!("{AUTO}\nhours = \"office\""), &[("ann", 1)]);
    let at: jiff::Timestamp = at.parse().expect("a moment");
    let mut story = Scenario::given_at(Timestamp(at.as_millisecond()), config(&sections));
    story.ready("ann").expect("ready");
    let work = story.comes(1);
    assert_eq!(story.room("help").open, open, "{at}");
    let state = if open { WorkState::Assigned } else { WorkState::Queued };
    assert_eq!(story.work(work).state, state, "{at}");
}

fn all_day() {
    let friday = "fri = [\"00:00-24:00\"]";
    for (at, open) in [
        ("2022-02-17T23:59Z", false),
        ("2022-02-18T00:00Z", true),
        ("2022-02-18T23:59Z", true),
        ("2022-02-19T00:00Z", false),
    ] {
        served("UTC", friday, at, open);
    }
}
