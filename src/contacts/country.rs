//! The country in which a telephone number without country code is meant.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::tz::TimeZone;

use crate::store::facts;
use crate::store::{Connection, StoreError, WorkspaceId};

static ZONES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("zones.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    let mut zones = HashMap::new();
    for line in lines {
        let mut words = line.split_whitespace();
        let Some(country) = words.next() else {
            continue;
        };
        zones.extend(words.map(|zone| (zone, country)));
    }
    zones
});

/// The country of a business as its ISO 3166 code: as the owner set it, or that of its time zone. `None` if neither tells.
pub fn country(conn: &Connection, workspace: WorkspaceId) -> Result<Option<String>, StoreError> {
    let settings = facts::settings(conn, workspace)?;
    if settings.country.is_some() {
        return Ok(settings.country);
    }
    let zone = settings
        .time_zone
        .or_else(|| TimeZone::system().iana_name().map(str::to_owned));
    Ok(zone.and_then(|zone| of_zone(&zone).map(str::to_owned)))
}

fn of_zone(zone: &str) -> Option<&'static str> {
    ZONES.get(zone).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::facts::Settings;
    use crate::store::{Store, workspaces};

    #[test]
    fn a_time_zone_tells_its_country() {
        assert_eq!(of_zone("Europe/Berlin"), Some("DE"));
        assert_eq!(of_zone("America/Indiana/Knox"), Some("US"));
        assert_eq!(of_zone("UTC"), None);
        // A zone of the list that no machine knows would be a slip of the pen.
        let unknown = |zone: &&&str| TimeZone::get(zone).is_err();
        assert_eq!(
            ZONES.keys().filter(unknown).collect::<Vec<_>>(),
            Vec::<&&str>::new()
        );
    }

    #[test]
    fn what_the_owner_set_comes_first() {
        let store = Store::open_in_memory().unwrap();
        store
            .write_blocking(|tx| {
                let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                let mut settings = Settings {
                    time_zone: Some("Europe/Madrid".into()),
                    ..Settings::default()
                };
                facts::set_settings(tx, shop, &settings)?;
                assert_eq!(country(tx, shop)?.as_deref(), Some("ES"));
                settings.country = Some("FR".into());
                facts::set_settings(tx, shop, &settings)?;
                assert_eq!(country(tx, shop)?.as_deref(), Some("FR"));
                Ok(())
            })
            .unwrap();
    }
}
