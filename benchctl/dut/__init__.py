"""The imp under test."""
