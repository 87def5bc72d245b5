//! Endpoints of the demo workspace, so that the first commands need no flags.

/// The endpoint of `config/demo.toml` on a channel.
pub(in crate::cli) fn default_endpoint(channel: &str) -> &'static str {
    match channel {
        "whatsapp" => "support",
        "email" => "office",
        "chat" => "site",
        "messenger" => "page",
        "instagram" => "shop",
        "telegram" => "bot",
        "line" => "official",
        "viber" => "public",
        _ => "main",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_an_endpoint_of_the_demo() {
        let demo: toml::Table = include_str!("../../../config/demo.toml").parse().unwrap();
        for endpoint in demo["endpoint"].as_array().unwrap() {
            let channel = endpoint["channel"].as_str().unwrap();
            assert_eq!(endpoint["name"].as_str().unwrap(), default_endpoint(channel), "{channel}");
        }
    }
}
