//! Bodies of another network's webhooks, which no format reads: a webhook that reaches the wrong endpoint must be named in the
//! counters, not vanish.

use std::path::Path;

use skein::normalize::{Format, Request, normalize};

use crate::Rates;

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    let folder = root.join("zammad-webhooks/twitter");
    for entry in std::fs::read_dir(folder).expect("the folder of the corpora is readable") {
        let path = entry.expect("a file of the corpora is listed").path();
        let bytes = std::fs::read(&path).expect("a file of the corpora is readable");
        let body: serde_json::Value = serde_json::from_slice(&bytes).expect("a body is JSON");
        let kind = body.as_object().and_then(|members| members.keys().find(|name| name.ends_with("_events")).cloned());
        let named = normalize(Format::WhatsappCloud, Request::new(&bytes))
            .is_ok_and(|made| made.events.is_empty() && made.ignored == Vec::from_iter(kind));
        rates.note("x_named", path.file_name().unwrap_or_default().to_string_lossy(), named);
    }
}
