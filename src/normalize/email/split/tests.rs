//! Replies in many languages, and texts that only look like them.

use super::{Kind, is_forward_subject, split};

/// A reply above the quotation of one mail.
#[track_caller]
fn cut(reply: &str, quotation: &str) {
    let text = format!("{reply}\n\n{quotation}");
    let (new, rest) = split(&text, Kind::Reply);
    assert_eq!(new, reply, "{text}");
    assert_eq!(rest.map(|rest| rest.trim().to_owned()), Some(quotation.trim().to_owned()));
}

#[track_caller]
fn whole(text: &str) {
    assert_eq!(split(text, Kind::Reply), (text, None));
}

#[test]
fn heads_are_known_by_their_build_in_many_languages() {
    for head in [
        "On Mon, 3 Feb 2025 at 10:11, Ann Bell <ann@example.com> wrote:",
        "Am 03.02.2025 um 10:11 schrieb Ann Bell:",
        "Le lun. 3 févr. 2025 à 10:11, Ann Bell <ann@example.com> a écrit :",
        "El lun, 3 feb 2025 a las 10:11, Ann Bell (<ann@example.com>) escribió:",
        "Il giorno 3 feb 2025, alle ore 10:11, Ann Bell ha scritto:",
        "Em seg., 3 de fev. de 2025 às 10:11, Ann Bell <ann@example.com> escreveu:",
        "Op ma 3 feb 2025 om 10:11 schreef Ann Bell <ann@example.com>:",
        "pon., 3 lut 2025 o 10:11 Ann Bell <ann@example.com> napisał(a):",
        "3 февр. 2025 г., в 10:11, Ann Bell <ann@example.com> написал(а):",
        "po 3. 2. 2025 v 10:11 odesílatel Ann Bell <ann@example.com> napsal:",
        "Ann Bell <ann@example.com> ezt írta (időpont: 2025. febr. 3., H, 10:11):",
        "Ann Bell <ann@example.com>, 3 Şub 2025 Pzt, 10:11 tarihinde şunu yazdı:",
        "Den mån 3 feb. 2025 kl 10:11 skrev Ann Bell <ann@example.com>:",
        "ma 3. helmik. 2025 klo 10.11 Ann Bell (ann@example.com) kirjoitti:",
        "2025年2月3日(月) 10:11 Ann Bell <ann@example.com>:",
        "2025年2月3日 10:11，Ann Bell <ann@example.com> 写道：",
        "2025년 2월 3일 (월) 오전 10:11, Ann Bell <ann@example.com>님이 작성:",
    ] {
        cut("Yes please", &format!("{head}\n\n> Shall we?"));
        cut("Yes please", &format!("{head}\n\nShall we?\nAnn"));
    }
}

#[test]
fn a_head_may_be_spread_over_lines() {
    cut(
        "Yes",
        "On Mon, Feb 3, 2025, at 10:11 AM, Ann Bell <\nann.bell.of.somewhere@a-long-domain.example.com>\nwrote:\n\n> Shall we?",
    );
    cut("Yes", "On Mon, Feb 3, 2025 at 10:11 AM Ann Bell\n\n<\nmailto:ann@example.com\n> wrote:\nShall we?");
}

#[test]
fn frames_and_blocks_of_labels_begin_a_quotation() {
    for quotation in [
        "-----Original Message-----\nFrom: Ann\n\nShall we?",
        "-----Ursprüngliche Nachricht-----\nVon: Ann\n\nWollen wir?",
        "----- Mensaje original -----\n\n¿Vamos?",
        "-------- Исходное сообщение --------\n\nДа?",
        "---- Ann Bell wrote ----\n\nShall we?",
        "________________________________\nFrom: Ann Bell <ann@example.com>\nSent: Monday, February 3, 2025\nTo: Bob\nSubject: Lunch\n\nShall we?",
        "Von: Ann Bell\nGesendet: Montag, 3. Februar 2025 10:11\nAn: Bob\nBetreff: Essen\n\nWollen wir?",
        "*De :* Ann Bell\n*Envoyé :* lundi 3 février 2025\n*À :* Bob\n*Objet :* Repas\n\nOn y va ?",
        "Van: Ann Bell\nVerzonden: maandag 3 februari 2025\nAan: Bob\nOnderwerp: Lunch\n\nZullen we?",
        "От: Ann Bell\nОтправлено: 3 февраля 2025 г.\nКому: Bob\nТема: Обед\n\nИдём?",
        "发件人: Ann Bell\n发送时间: 2025年2月3日\n收件人: Bob\n主题: 午饭\n\n去吗",
        "差出人: Ann Bell\n送信日時: 2025年2月3日\n宛先: Bob\n件名: 昼食\n\n行きますか",
    ] {
        cut("Yes please", quotation);
    }
}

#[test]
fn signatures_are_cut_where_they_are_marked() {
    cut("Hello", "-- \nAnn Bell\nExample Ltd.");
    cut("Hello", "--\nAnn");
    cut("Hello", "Sent from my iPhone");
    cut("Hallo", "Von meinem Samsung Galaxy gesendet");
    cut("Bonjour", "Envoyé de mon iPad");
    cut("Привет", "Отправлено с iPhone");
    cut("Hello", "Get Outlook for Android");
    cut("Hello", "____________________________\nsome-list mailing list");
    whole("Hello,\nit does not print.\n\nKind regards\nAnn Bell");
    whole("I wrote this on my phone, sorry.");
    whole("Order form\n----------------\nName: Ann\nWish: a call");
}

#[test]
fn answers_between_quotations_keep_them_and_one_below_a_quotation_stands_alone() {
    whole("On 2025-02-03 Ann <ann@example.com> wrote:\n> Red?\n\nYes\n\n> Large?\n\nNo");
    let text = "On 2025-02-03 Ann <ann@example.com> wrote:\n> Red?\n> Large?\n\nRed, and large.";
    let (new, rest) = split(text, Kind::Reply);
    assert_eq!(new, "Red, and large.");
    assert!(rest.expect("the quotation is kept").contains("> Red?"));
}

#[test]
fn what_says_nothing_new_or_was_sent_on_is_whole() {
    whole("> only a quotation");
    whole("-- \nAnn");
    whole(
        "Please see below.\n\n---------- Forwarded message ---------\nFrom: Ann <ann@example.com>\nDate: Mon, 3 Feb 2025\nSubject: Lunch\nTo: Bob\n\nShall we?",
    );
    let outlook = "Please see below.\n\nFrom: Ann\nSent: 3 February 2025\nTo: Bob\nSubject: Lunch\n\nShall we?";
    assert_eq!(split(outlook, Kind::Forward), (outlook, None));
    assert!(
        is_forward_subject("WG: Lunch") && is_forward_subject("Fwd: Lunch") && !is_forward_subject("Re: Fwd: Lunch")
    );
}

#[test]
fn sentences_that_look_like_heads_are_kept() {
    whole("On Monday I wrote:\nplease call me.");
    whole("I bought it on 3 February 2025 and it broke:\nthe lid is off.");
    whole("From: where do you send it?\nI mean which shop.");
    whole("See >>> here <<<\n>>> https://example.com <<<\nThank you");
}

#[test]
fn a_hostile_text_costs_no_more_than_its_size() {
    for piece in [":\n", "On 2025 <a@b.c>\n", ">\n\n", "From: a\n", "--\n", "- - -\n", "a@b.c 2025 x wrote:\n>"] {
        let text = piece.repeat(128 * 1024 / piece.len());
        let (new, rest) = split(&text, Kind::Reply);
        assert!(new.len() + rest.map_or(0, |rest| rest.len()) <= text.len());
    }
}
