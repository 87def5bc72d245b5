//! Workspace files as editors see them: the schema takes every file that skein takes, refuses what is wrong in itself, and explains
//! every key.

use std::path::Path;

use serde_json::{Value, json};
use skein::config::parse_workspace;

use super::{complaints, kept, root, validator};

const NAME: &str = "workspace.schema.json";

fn schema() -> Value {
    serde_json::from_str(&kept(NAME)).expect("a schema is JSON")
}

fn toml(text: &str) -> Value {
    toml::from_str(text).expect("TOML")
}

#[test]
fn an_editor_has_nothing_to_say_about_the_files_that_are_given() {
    let validator = validator(NAME);
    for file in ["config/company.toml", "config/demo.toml", "tests/support/acme.toml", "tests/town/company.toml"] {
        let text = std::fs::read_to_string(root().join(file)).expect("the file is there");
        assert!(parse_workspace(Path::new(file), &text).is_ok(), "{file}");
        assert_eq!(complaints(&validator, &toml(&text)), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn the_examples_name_the_schema_where_an_editor_looks_for_it() {
    for file in ["config/company.toml", "config/demo.toml"] {
        let file = root().join(file);
        let text = std::fs::read_to_string(&file).expect("the file is there");
        let named =
            text.lines().next().and_then(|line| line.strip_prefix("#:schema ")).expect("the first line names it");
        let there = file.parent().map(|folder| folder.join(named)).expect("a folder");
        assert_eq!(std::fs::read_to_string(there).expect("it is there"), kept(NAME));
    }
}

/// What every one of the wrong files has besides.
const RIGHT: &str = "name = \"w\"\n\
    [[skill]]\nname = \"german\"\n\
    [[queue]]\nname = \"q\"\n\
    [[endpoint]]\nname = \"e\"\nchannel = \"whatsapp\"\nqueue = \"q\"\n";

#[test]
fn what_is_wrong_in_itself_is_refused_by_the_editor_as_by_skein() {
    let validator = validator(NAME);
    let refused = |text: &str| {
        let by_skein = parse_workspace(Path::new("w.toml"), text).is_err();
        (by_skein, !complaints(&validator, &toml(text)).is_empty())
    };
    assert_eq!(refused(RIGHT), (false, false));
    assert_eq!(refused(&RIGHT.replacen("name = \"w\"\n", "", 1)), (true, true), "no name");
    for wrong in [
        // a key that there is not, wherever it stands
        "[works]\nmax_open = 1\n",
        "[work]\nmax_opened = 1\n",
        "[[queue]]\nname = \"r\"\nidle = { lower = \"1m\" }\n",
        "[[rule]]\nname = \"r\"\nqueue = \"q\"\nwhen = { color = [\"red\"] }\n",
        "[[rule]]\nname = \"r\"\nqueue = \"q\"\n[[rule.test]]\nendpoint = \"e\"\nhit = true\n",
        "[[agent]]\nname = \"a\"\nqueues = [\"q\"]\ncapacity = 1\nteam = \"b\"\n",
        // durations
        "[work]\ncontinuation_window = \"3 weeks\"\n",
        "[work]\nrelieve_after = 30\n",
        "[effort]\ncap = \"1.5m\"\n",
        "[[queue]]\nname = \"r\"\noffer_timeout = \"-1s\"\n",
        "[[queue]]\nname = \"r\"\nchannel = { whatsapp = { next_reply = \"8\" } }\n",
        // numbers beyond their limits
        "[[queue]]\nname = \"r\"\nrequires = { german = 11 }\n",
        "[[queue]]\nname = \"r\"\nrequires = { german = -1 }\n",
        "[[queue]]\nname = \"r\"\nparallel_offers = 6\n",
        "[[queue]]\nname = \"r\"\nparallel_offers = 0\n",
        "[[queue]]\nname = \"r\"\nmax_length = 0\n",
        "[[queue]]\nname = \"r\"\nidle = { lower_after = \"1m\", lower_percent = 101 }\n",
        "[[queue]]\nname = \"r\"\nwrapup_cost = 4294967296\n",
        "[guest]\nqueues = [\"q\"]\ncapacity = 100001\n",
        "[guest]\nqueues = [\"q\"]\ncapacity = 1\ncosts = { whatsapp = 100001 }\n",
        "[[template]]\nname = \"t\"\nlanguage = \"en\"\nchannel = \"whatsapp\"\nparameters = 65\n",
        // words that there are not
        "[[queue]]\nname = \"r\"\naccept = \"later\"\n",
        "[[queue]]\nname = \"r\"\nselection = \"fastest\"\n",
        "[[queue]]\nname = \"r\"\nvisibility = \"all\"\n",
        "[identity]\nsingle_valued = [\"fax\"]\n",
        "[[rule]]\nname = \"r\"\nqueue = \"q\"\nwhen = { hours = \"dusk\" }\n",
        "[[rule]]\nname = \"r\"\nqueue = \"q\"\nwhen = { assurance = [\"sure\"] }\n",
        "[[endpoint]]\nname = \"f\"\nchannel = \"chat\"\nqueue = \"q\"\ntrusts = [\"web\"]\n",
        "[[notice]]\nkind = \"open\"\ntext = { en = \"We are there.\" }\n",
        // names, days and stretches of days, languages, countries
        "[[skill]]\nname = \"a b\"\n",
        "[[skill]]\nname = \"\"\n",
        "[[queue]]\nname = \"r\"\nrequires = { \"a b\" = 1 }\n",
        "[[hours]]\nname = \"h\"\nzone = \"UTC\"\nmon = [\"9-17\"]\n",
        "[[hours]]\nname = \"h\"\nzone = \"UTC\"\nmon = [\"09:00-24:01\"]\n",
        "[[hours]]\nname = \"h\"\nzone = \"UTC\"\nmon = [\"09:00-10:00\"]\ndays = { \"24.12.2026\" = [] }\n",
        "[[rule]]\nname = \"r\"\nqueue = \"q\"\nwhen = { language = [\"de-AT\"] }\n",
        "[[notice]]\nkind = \"closed\"\ntext = { DE = \"Zu.\" }\n",
        "[[endpoint]]\nname = \"f\"\nchannel = \"email\"\nqueue = \"q\"\nauthserv_ids = [\"mx example\"]\n",
        // what is missing, empty, or two things at once
        "[[queue]]\naccept = \"auto\"\n",
        "[[agent]]\nqueues = [\"q\"]\ncapacity = 1\n",
        "[[agent]]\nname = \"a\"\nqueues = [\"q\"]\n",
        "[[hours]]\nname = \"h\"\nmon = [\"09:00-10:00\"]\n",
        "[[plan]]\nname = \"p\"\nstep = []\n",
        "[[notice]]\nkind = \"closed\"\ntext = {}\n",
        "[[queue]]\nname = \"r\"\n[[queue.overflow]]\nwhen = {}\nnotify = true\n",
        "[[queue]]\nname = \"r\"\n[[queue.overflow]]\nwhen = { length = 1, wait = \"1m\" }\nnotify = true\n",
        "[[queue]]\nname = \"r\"\n[[queue.overflow]]\nwhen = { no_agent = false }\nnotify = true\n",
        // values of another kind
        "[[queue]]\nname = \"r\"\nemergency = \"yes\"\n",
        "[[rule]]\nname = \"r\"\nqueue = \"q\"\nif = 1\n",
        "[guest]\nqueues = \"q\"\ncapacity = 1\n",
    ] {
        assert_eq!(refused(&format!("{RIGHT}{wrong}")), (true, true), "by skein, by the editor: {wrong}");
    }
    let too_many = |count: usize| -> String { (0..count).map(|at| format!("\"q{at}\", ")).collect() };
    let plan = |queues: &str| {
        format!("{RIGHT}[[plan]]\nname = \"p\"\n[[plan.step]]\nafter = \"1m\"\nadd_queues = [{queues}]\n")
    };
    assert_eq!(refused(&plan("\"q\"")), (false, false));
    assert_eq!(refused(&plan(&too_many(17))), (true, true));
}

/// Calls `see` with the path and schema of every key that a schema knows.
fn keys(path: &str, schema: &Value, see: &mut impl FnMut(&str, &Value)) {
    for (key, of) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        see(&path, of);
        keys(&path, of, see);
    }
    for (key, of) in schema["patternProperties"].as_object().into_iter().flatten() {
        keys(&format!("{path}.{key}"), of, see);
    }
    for (part, of) in [("[]", &schema["items"]), (".*", &schema["additionalProperties"])] {
        if of.is_object() {
            keys(&format!("{path}{part}"), of, see);
        }
    }
}

/// Keys without what an editor would show.
fn unexplained(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    keys("", schema, &mut |path, of| {
        let said = of["description"].as_str().unwrap_or_default();
        if !said.ends_with('.') || said.contains('\n') {
            found.push(path.to_owned());
        }
    });
    found
}

#[test]
fn every_key_is_explained() {
    let schema = schema();
    let mut count = 0;
    keys("", &schema, &mut |_, _| count += 1);
    assert!(count > 150, "{count} keys");
    assert_eq!(unexplained(&schema), Vec::<String>::new());
    let control =
        json!({"properties": {"a": {"items": {"properties": {"b": {"type": "string"}}}, "description": "A."}}});
    assert_eq!(unexplained(&control), [".a[].b"]);
}

#[test]
fn every_word_of_a_list_is_explained() {
    let mut lists = 0;
    keys("", &schema(), &mut |path, of| {
        for of in [of, &of["items"]] {
            let Some(words) = of["enum"].as_array() else { continue };
            let meanings = of["x-taplo"]["docs"]["enumValues"].as_array().expect("what they mean");
            assert_eq!(words.len(), meanings.len(), "{path}");
            lists += 1;
        }
    });
    assert!(lists >= 15, "{lists} lists of words");
}

#[test]
fn defaults_are_shown_as_they_are_written_and_as_they_hold() {
    let schema = schema();
    let mut count = 0;
    keys("", &schema, &mut |path, of| {
        let Some(default) = of.get("default") else { return };
        let alone = jsonschema::validator_for(of).expect("a schema");
        assert!(alone.is_valid(default), "{path} = {default}");
        count += 1;
    });
    assert!(count > 50, "{count} defaults");
    for (key, default) in [
        ("/work/properties/continuation_window", json!("72h")),
        ("/work/properties/max_open", json!(10)),
        ("/effort/properties/transfer", json!("2m")),
        ("/queue/items/properties/offer_timeout", json!("30s")),
        ("/queue/items/properties/accept", json!("manual")),
        ("/queue/items/properties/parallel_offers", json!(1)),
        ("/rule/items/properties/test/items/properties/hits", json!(true)),
        ("/opt_out/properties/refuses_service", json!(["sms"])),
    ] {
        assert_eq!(schema.pointer(&format!("/properties{key}/default")), Some(&default), "{key}");
    }
}

#[test]
fn nothing_is_said_that_toml_does_not_have_or_that_editors_resolve_differently() {
    fn walk(value: &Value) {
        assert_ne!(*value, json!("null"));
        assert!(!value.is_null());
        if let Value::Object(map) = value {
            assert!(!map.contains_key("$ref") && !map.contains_key("anyOf"), "{value}");
        }
        value.as_object().into_iter().flat_map(|map| map.values()).for_each(walk);
        value.as_array().into_iter().flatten().for_each(walk);
    }
    walk(&schema());
}
