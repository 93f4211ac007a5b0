"""Whimbrel in the place of aiohttp, for libraries that import aiohttp by name.

`install_as_aiohttp` makes `import aiohttp`, and the imports of its client modules, give the modules in
`_aiohttp`: they bear aiohttp's names and hold whimbrel's classes. Nothing of this is imported before
it is asked for.
"""

from whimbrel.compat._install import install_as_aiohttp, uninstall_as_aiohttp

__all__ = ["install_as_aiohttp", "uninstall_as_aiohttp"]
