//! National variants: numbers of one subscriber that are written with a digit more or less, so that both are one identity.

use crate::domain::id::Name;

/// A digit sequence that networks and providers put into a subscriber's number, or leave out.
///
/// | country | mark | since, source |
/// |---|---|---|
/// | Brazil | 9 before the eight digits of a mobile number | 29 July 2012 (area 11) to 6 November 2016 (all): Anatel, Resolução 553/2010; ITU-T national numbering plan +55. Mobile numbers began with 6 to 9, fixed ones begin with 2 to 5, so none of those is touched; numbers given out since then as 9 0 to 9 5 never had eight digits |
/// | Argentina | 9 before the area code of a mobile number called from abroad | Resolución SC 46/97, Plan Fundamental de Numeración Nacional; ITU-T +54. A block of an area is given out once, for fixed or for mobile lines: the ten digits name one subscriber |
/// | Mexico | 1 before a mobile number called from abroad | until 3 August 2019: IFT, Plan Técnico Fundamental de Numeración; ITU-T +52. No area begins with 1 |
/// | Benin | 01 before the eight digits of any number | 30 November 2024: ARCEP Bénin, Plan National de Numérotation; ITU-T +229 |
struct Variant {
    /// Country code with its plus.
    country: &'static str,
    /// Digits between the country code and the mark.
    area: usize,
    /// What is there in one form and not in the other.
    mark: &'static str,
    /// Digits of the national number without the mark.
    digits: usize,
    /// What the digit after the mark can be.
    next: std::ops::RangeInclusive<u8>,
}

const VARIANTS: [Variant; 4] = [
    Variant { country: "+55", area: 2, mark: "9", digits: 10, next: b'6'..=b'9' },
    Variant { country: "+54", area: 0, mark: "9", digits: 10, next: b'1'..=b'8' },
    Variant { country: "+52", area: 0, mark: "1", digits: 10, next: b'2'..=b'9' },
    Variant { country: "+229", area: 0, mark: "01", digits: 8, next: b'1'..=b'9' },
];

/// The other form of a number that has two.
pub(super) fn other_form(number: &str) -> Option<Name> {
    let (variant, national) = VARIANTS
        .iter()
        .find_map(|variant| Some((variant, number.strip_prefix(variant.country)?)))
        .filter(|(_, national)| national.bytes().all(|digit| digit.is_ascii_digit()))?;
    let (area, subscriber) = national.split_at_checked(variant.area)?;
    let begins = |rest: &str| rest.bytes().next().is_some_and(|digit| variant.next.contains(&digit));
    if national.len() == variant.digits {
        return begins(subscriber).then(|| Name::from_iter([variant.country, area, variant.mark, subscriber]));
    }
    let short = subscriber.strip_prefix(variant.mark)?;
    let whole = area.len() + short.len() == variant.digits;
    (whole && begins(short)).then(|| Name::from_iter([variant.country, area, short]))
}

/// The form that all variants of a number have in common: the short one. None: the number is it.
pub(super) fn common_form(number: &str) -> Option<Name> {
    other_form(number).filter(|other| other.len() < number.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn common(number: &str) -> Name {
        common_form(number).unwrap_or_else(|| Name::new(number))
    }

    #[rstest]
    #[case("+5511987654321", "+551187654321")]
    #[case("+5491123456789", "+541123456789")]
    #[case("+5215512345678", "+525512345678")]
    #[case("+2290197123456", "+22997123456")]
    fn each_form_gives_the_other(#[case] long: &str, #[case] short: &str) {
        assert_eq!(other_form(long).as_deref(), Some(short));
        assert_eq!(other_form(short).as_deref(), Some(long));
        assert_eq!(common(long), common(short));
    }

    #[rstest]
    #[case::brazil_fixed("+551133334444")]
    #[case::brazil_new_mobile("+5511953334444")]
    #[case::brazil_short("+55118765432")]
    #[case::argentina_too_long("+54911234567890")]
    #[case::mexico_short("+52155123456")]
    #[case::elsewhere("+4915112345678")]
    #[case::no_number("+55")]
    fn a_number_with_one_form_keeps_it(#[case] number: &str) {
        assert_eq!(other_form(number), None);
    }

    proptest! {
        #[test]
        fn the_other_form_of_the_other_form_is_the_number(
            country in prop::sample::select(vec!["+55", "+54", "+52", "+229", "+5", "+49"]),
            national in "[0-9]{6,13}",
        ) {
            let number = format!("{country}{national}");
            if let Some(other) = other_form(&number) {
                let back = other_form(&other);
                prop_assert_eq!(back.as_deref(), Some(number.as_str()));
                prop_assert_eq!(common(&other), common(&number));
            }
        }

        #[test]
        fn two_numbers_have_a_form_in_common_only_as_variants_of_each_other(
            country in prop::sample::select(vec!["+55", "+54", "+52", "+229"]),
            one in "[0-9]{6,13}",
            edit in prop::sample::select(vec![None, Some("9"), Some("1"), Some("01"), Some("15")]),
            at in 0usize..3,
            drop in any::<bool>(),
        ) {
            let mut two = one.clone();
            if drop { two.remove(at); }
            if let Some(digits) = edit { two.insert_str(at, digits); }
            let (one, two) = (format!("{country}{one}"), format!("{country}{two}"));
            let variants = one == two || other_form(&one).as_deref() == Some(two.as_str());
            prop_assert_eq!(common(&one) == common(&two), variants);
        }
    }
}
