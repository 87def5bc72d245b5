//! What a workspace file says and what comes to nothing: no problem, and hardly what was meant. `skein check` tells it.

use std::collections::BTreeMap;

use super::check::Check;
use super::file::File;
use super::plan::Wider;
use crate::domain::workspace::OverflowWhen;

/// Warns of plans and overflows that can do nothing.
pub(super) fn warn(file: &File, check: &mut Check<'_>) {
    let wanted = wanted(file);
    let served: Vec<&str> = file.served();
    let used: Vec<&str> = file.plans_used();
    for (at, plan) in file.plan.iter().enumerate() {
        if !used.contains(&plan.name.as_ref().as_str()) {
            let rule = "is followed by nothing: no queue and no rule names it";
            check.warn(plan.name.span(), format!("plan[{at}]"), rule);
        }
        let (mut left, mut added) = (wanted.clone(), Vec::new());
        for (number, step) in plan.step.iter().enumerate() {
            wider(&format!("plan[{at}].step[{number}]"), step.wider(), &mut left, &mut added, &served, check);
        }
    }
    for (at, queue) in file.queue.iter().enumerate() {
        let own = queue.name.as_ref().as_str();
        let mut moves_after: Option<u64> = None;
        for (number, overflow) in queue.overflow.iter().enumerate() {
            let key = format!("queue[{at}].overflow[{number}]");
            wider(&key, overflow.wider(), &mut wanted.clone(), &mut vec![own], &served, check);
            let Some(to) = &overflow.move_to else { continue };
            let key = format!("{key}.move");
            if !served.contains(&to.as_ref().as_str()) {
                check.warn(to.span(), key.clone(), "leads to a queue that no agent serves");
            }
            if leads_back(file, own, to.as_ref()) {
                let rule = "goes in a circle: that queue moves Work here, and each is moved once only";
                check.warn(to.span(), key.clone(), rule);
            }
            let Some(OverflowWhen::Wait(ms)) = overflow.when.as_ref().into_config() else { continue };
            if moves_after.is_some_and(|before| before <= ms) {
                check.warn(to.span(), key, "never comes to pass: an overflow before it has moved the Work by then");
            }
            moves_after = Some(moves_after.map_or(ms, |before| before.min(ms)));
        }
    }
}

/// What may be wanted at the most of each skill, by queues and rules together.
fn wanted(file: &File) -> BTreeMap<&str, u8> {
    let mut wanted: BTreeMap<&str, u8> = BTreeMap::new();
    for (skill, level) in file.required() {
        let most = wanted.entry(skill).or_insert(level);
        *most = level.max(*most);
    }
    wanted
}

fn wider<'f>(
    key: &str,
    wider: Wider<'f>,
    left: &mut BTreeMap<&'f str, u8>,
    added: &mut Vec<&'f str>,
    served: &[&str],
    check: &mut Check<'_>,
) {
    for (skill, level) in wider.lower.iter() {
        match left.get_mut(skill.as_ref().as_str()) {
            Some(wanted) if *level.as_ref() < *wanted => *wanted = *level.as_ref(),
            Some(_) => check.warn(level.span(), format!("{key}.lower"), "lowers nothing: no more is wanted by then"),
            None => check.warn(skill.span(), format!("{key}.lower"), "lowers nothing: nobody wants that skill by then"),
        }
    }
    for skill in wider.drop {
        if left.remove(skill.as_ref().as_str()).is_none() {
            check.warn(skill.span(), format!("{key}.drop"), "drops nothing: nobody wants that skill by then");
        }
    }
    for queue in wider.add_queues {
        let name = queue.as_ref().as_str();
        if added.contains(&name) {
            check.warn(queue.span(), format!("{key}.add_queues"), "adds nothing: its agents may take it already");
        } else if !served.contains(&name) {
            check.warn(queue.span(), format!("{key}.add_queues"), "adds nobody: no agent serves it");
        }
        added.push(name);
    }
}

/// Whether a queue moves Work to another, however far it goes.
fn leads_back(file: &File, own: &str, from: &str) -> bool {
    let (mut open, mut seen) = (vec![from], Vec::new());
    while let Some(at) = open.pop() {
        if at == own {
            return true;
        }
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let queue = file.queue.iter().find(|queue| queue.name.as_ref() == at);
        let moves =
            queue.into_iter().flat_map(|queue| &queue.overflow).filter_map(|overflow| overflow.move_to.as_ref());
        open.extend(moves.map(|to| to.as_ref().as_str()));
    }
    false
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::workspace::file::warnings;

    fn warned(text: &str) -> Vec<String> {
        warnings(Path::new("w.toml"), text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_examples_that_are_given_have_none() {
        assert_eq!(warned(include_str!("../../../config/company.toml")), [""; 0]);
        assert_eq!(warned(include_str!("../../../config/demo.toml")), [""; 0]);
    }

    #[test]
    fn what_comes_to_nothing_is_told_at_its_place() {
        let told = warned(
            "name = \"w\"\n\
             [[skill]]\nname = \"german\"\n[[skill]]\nname = \"law\"\n\
             [[plan]]\nname = \"idle\"\n[[plan.step]]\nafter = \"1s\"\nlower = { german = 1 }\n\
             [[plan]]\nname = \"used\"\n[[plan.step]]\nafter = \"1s\"\ndrop = [\"law\"]\nlower = { german = 7 }\n\
             [[plan.step]]\nafter = \"1s\"\ndrop = [\"german\"]\nadd_queues = [\"b\", \"c\"]\n\
             [[plan.step]]\nafter = \"1s\"\nlower = { german = 1 }\nadd_queues = [\"b\"]\n\
             [[queue]]\nname = \"a\"\nplan = \"used\"\nrequires = { german = 5 }\n\
             [[queue.overflow]]\nwhen = { wait = \"1m\" }\nmove = \"b\"\n\
             [[queue.overflow]]\nwhen = { wait = \"2m\" }\nmove = \"c\"\n\
             [[queue]]\nname = \"b\"\n\
             [[queue.overflow]]\nwhen = { no_agent = true }\nmove = \"a\"\nadd_queues = [\"b\"]\n\
             [[queue]]\nname = \"c\"\n\
             [guest]\nqueues = [\"a\", \"b\"]\ncapacity = 1\n",
        );
        for said in [
            "plan[0] = \"idle\": is followed by nothing",
            "plan[1].step[0].drop = \"law\": drops nothing",
            "plan[1].step[0].lower = 7: lowers nothing: no more is wanted",
            "plan[1].step[1].add_queues = \"c\": adds nobody",
            "plan[1].step[2].lower = german: lowers nothing: nobody wants that skill",
            "plan[1].step[2].add_queues = \"b\": adds nothing",
            "queue[0].overflow[0].move = \"b\": goes in a circle",
            "queue[0].overflow[1].move = \"c\": leads to a queue that no agent serves",
            "queue[0].overflow[1].move = \"c\": never comes to pass",
            "queue[1].overflow[0].move = \"a\": goes in a circle",
            "queue[1].overflow[0].add_queues = \"b\": adds nothing",
        ] {
            assert!(told.iter().any(|warning| warning.contains(said)), "{said} is not among {told:#?}");
        }
        assert_eq!(told.len(), 11, "{told:#?}");
    }
}
