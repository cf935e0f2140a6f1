//! Figures with a unit.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{numbers, pattern};

/// Unit as written, one of it, several of it.
const UNITS: &[(&str, &str, &str)] = &[
    ("km/h", "kilometer per hour", "kilometers per hour"),
    ("kmh", "kilometer per hour", "kilometers per hour"),
    ("mph", "mile per hour", "miles per hour"),
    ("m/s", "meter per second", "meters per second"),
    ("km²", "square kilometer", "square kilometers"),
    ("m²", "square meter", "square meters"),
    ("m2", "square meter", "square meters"),
    ("cm²", "square centimeter", "square centimeters"),
    ("ft²", "square foot", "square feet"),
    ("sq ft", "square foot", "square feet"),
    ("sqft", "square foot", "square feet"),
    ("sq. ft.", "square foot", "square feet"),
    ("m³", "cubic meter", "cubic meters"),
    ("cm³", "cubic centimeter", "cubic centimeters"),
    ("km", "kilometer", "kilometers"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("m", "meter", "meters"),
    ("mi", "mile", "miles"),
    ("ft", "foot", "feet"),
    ("yd", "yard", "yards"),
    ("kg", "kilogram", "kilograms"),
    ("mg", "milligram", "milligrams"),
    ("µg", "microgram", "micrograms"),
    ("mcg", "microgram", "micrograms"),
    ("g", "gram", "grams"),
    ("lbs", "pound", "pounds"),
    ("lb", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("ml", "milliliter", "milliliters"),
    ("mL", "milliliter", "milliliters"),
    ("cl", "centiliter", "centiliters"),
    ("l", "liter", "liters"),
    ("L", "liter", "liters"),
    ("gal", "gallon", "gallons"),
    ("kV", "kilovolt", "kilovolts"),
    ("mV", "millivolt", "millivolts"),
    ("V", "volt", "volts"),
    ("mAh", "milliamp hour", "milliamp hours"),
    ("mA", "milliamp", "milliamps"),
    ("A", "amp", "amps"),
    ("kWh", "kilowatt hour", "kilowatt hours"),
    ("kW", "kilowatt", "kilowatts"),
    ("MW", "megawatt", "megawatts"),
    ("W", "watt", "watts"),
    ("GHz", "gigahertz", "gigahertz"),
    ("MHz", "megahertz", "megahertz"),
    ("kHz", "kilohertz", "kilohertz"),
    ("Hz", "hertz", "hertz"),
    ("TB", "terabyte", "terabytes"),
    ("GB", "gigabyte", "gigabytes"),
    ("MB", "megabyte", "megabytes"),
    ("kB", "kilobyte", "kilobytes"),
    ("KB", "kilobyte", "kilobytes"),
    ("Gbps", "gigabit per second", "gigabits per second"),
    ("Mbps", "megabit per second", "megabits per second"),
    ("°C", "degree Celsius", "degrees Celsius"),
    ("℃", "degree Celsius", "degrees Celsius"),
    ("° C", "degree Celsius", "degrees Celsius"),
    ("°F", "degree Fahrenheit", "degrees Fahrenheit"),
    ("℉", "degree Fahrenheit", "degrees Fahrenheit"),
    ("° F", "degree Fahrenheit", "degrees Fahrenheit"),
    ("°", "degree", "degrees"),
    ("%", "percent", "percent"),
    ("hrs", "hour", "hours"),
    ("hr", "hour", "hours"),
    ("h", "hour", "hours"),
    ("mins", "minute", "minutes"),
    ("min", "minute", "minutes"),
    ("secs", "second", "seconds"),
    ("sec", "second", "seconds"),
    ("ms", "millisecond", "milliseconds"),
    ("s", "second", "seconds"),
    ("kcal", "kilocalorie", "kilocalories"),
    ("cal", "calorie", "calories"),
    ("dB", "decibel", "decibels"),
    ("psi", "psi", "psi"),
    ("bar", "bar", "bar"),
    ("kPa", "kilopascal", "kilopascals"),
    ("px", "pixel", "pixels"),
    ("yrs", "year", "years"),
    ("yr", "year", "years"),
    ("pcs", "piece", "pieces"),
    ("pax", "person", "persons"),
    ("hp", "horsepower", "horsepower"),
];

static MEASURE: LazyLock<Regex> = LazyLock::new(|| {
    let mut names: Vec<String> = UNITS
        .iter()
        .map(|(written, _, _)| regex::escape(written))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    pattern(&format!(
        r"(?P<a>\b[Aa]n? )?(?P<sign>[-−])?(?P<n>\d[\d,]*(?:\.\d+)?(?:/\d+)?)(?P<range>\s?(?:[-–—−]|to)\s?\d[\d,]*(?:\.\d+)?)?[\s-]?(?P<unit>{})(?P<end>$|[^\p{{L}}\d²³/'’])",
        names.join("|")
    ))
});

/// Puts figures with a unit into words: "three point five kilometers", "a twenty amp fuse".
pub(super) fn read(text: &str) -> String {
    // Twice, as the sign that ends one may be the space before the next.
    once(&once(text))
}

fn once(text: &str) -> String {
    MEASURE
        .replace_all(text, |found: &Captures<'_>| {
            let group = |name: &str| found.name(name).map_or("", |group| group.as_str());
            let Some((_, one, many)) = UNITS
                .iter()
                .find(|(written, _, _)| *written == group("unit"))
            else {
                return found[0].to_owned();
            };
            let range = group("range");
            // "1980s" are years.
            if group("unit") == "s" && found[0].trim_end_matches(group("end")).ends_with("0s") {
                return found[0].to_owned();
            }
            let number = numbers::quantity(group("n"));
            let number = match range
                .trim()
                .trim_start_matches("to")
                .trim_start_matches(['-', '–', '—', '−'])
                .trim()
            {
                "" => number,
                upper => format!("{number} to {}", numbers::quantity(upper)),
            };
            let minus = if group("sign").is_empty() {
                ""
            } else {
                "minus "
            };
            // "a 20 A fuse": before a noun there is no plural.
            let single = numbers::is_one(group("n")) && range.is_empty()
                || !group("a").is_empty() && group("unit") != "%";
            let part = group("n").contains('/') && !group("n").is_empty();
            let unit = if part {
                format!("of a {one}")
            } else if single {
                (*one).to_owned()
            } else {
                (*many).to_owned()
            };
            format!("{}{minus}{number} {unit}{}", group("a"), group("end"))
        })
        .into_owned()
}
