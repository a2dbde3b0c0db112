"""The catalogue of claims: what the product's documents state, for which modules and releases.

`catalogue` holds the claims, `deciding` says which suite tests decide which claim.
"""
