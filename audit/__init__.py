"""An append-only record of acts and of looks at people, with opaque references only: ids and enums, never texts."""
