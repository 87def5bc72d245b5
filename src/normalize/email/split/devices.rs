//! What devices and programs write under a mail: "Sent from my phone". Lower case.

/// "sent from", before or after the name of what it was sent from.
const SENT_FROM: &[&str] = &[
    "sent from",
    "sent via",
    "sent using",
    "get outlook",
    "gesendet",
    "von meinem",
    "envoyé",
    "enviado",
    "enviada",
    "inviato",
    "verzonden",
    "verstuurd",
    "sendt fra",
    "skickat från",
    "отправлено",
    "відправлено",
    "надіслано",
    "изпратено",
    "wysłane",
    "wysłano",
    "odesláno",
    "odoslané",
    "poslano",
    "lähetetty",
    "gönderildi",
    "küldve",
    "trimis",
    "στάλθηκε",
    "发自",
    "發自",
    "傳送自",
    "から送信",
    "보냄",
    "에서 보낸",
    "dikirim dari",
    "gửi từ",
    "obter o outlook",
    "obtenir outlook",
    "obtener outlook",
    "holen sie sich outlook",
    "télécharger outlook",
    "scarica outlook",
    "saadetud minu",
];
/// What mails are sent from.
const DEVICES: &[&str] = &[
    "iphone",
    "ipad",
    "ipod",
    "android",
    "samsung",
    "galaxy",
    "blackberry",
    "nokia",
    "huawei",
    "xiaomi",
    "redmi",
    "htc",
    "lumia",
    "pixel",
    "motorola",
    "oneplus",
    "mobile",
    "mobil",
    "phone",
    "smartphone",
    "handy",
    "telefon",
    "téléphone",
    "teléfono",
    "móvil",
    "celular",
    "cellulare",
    "telefoon",
    "puhelim",
    "телефон",
    "смартфон",
    "手机",
    "手機",
    "携帯",
    "tablet",
    "outlook",
    "yahoo",
    "gmx",
    "mail.ru",
    "yandex",
    "web.de",
    "thunderbird",
    "proton",
    "windows",
    "apple",
    "aol",
    "mail",
    "почт",
    "wireless",
    "device",
    "gerät",
];

fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Whether a lower-case line is what a device writes under a mail.
pub(super) fn is_device_line(line: &str) -> bool {
    /// Longer lines are sentences of a person about devices.
    const MAX_WORDS: usize = 8;
    line.split_whitespace().count() <= MAX_WORDS
        && !line.ends_with('.')
        && !line.contains(", ")
        && has_any(line, SENT_FROM)
        && has_any(line, DEVICES)
}
