//! Coordinates as providers write them.

/// Degrees north and east; both 0 when one of them cannot be read, or when there is no such place on earth.
pub(super) fn coordinates(latitude: Option<&str>, longitude: Option<&str>) -> (f64, f64) {
    let degrees = |text: Option<&str>| text.and_then(|text| text.parse().ok());
    let (Some(latitude), Some(longitude)) = (degrees(latitude), degrees(longitude)) else { return (0.0, 0.0) };
    if crate::domain::content::is_on_earth(latitude, longitude) { (latitude, longitude) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::coordinates;

    #[test]
    fn only_places_on_earth_have_coordinates() {
        assert_eq!(coordinates(Some("52.5"), Some("-180")), (52.5, -180.0));
        for (latitude, longitude) in [("NaN", "1"), ("1", "inf"), ("90.1", "0"), ("0", "-181"), ("north", "1")] {
            assert_eq!(coordinates(Some(latitude), Some(longitude)), (0.0, 0.0), "{latitude} {longitude}");
        }
        assert_eq!(coordinates(Some("1"), None), (0.0, 0.0));
    }
}
