"""Pure transforms, DataFrame to DataFrame, one file per table."""
