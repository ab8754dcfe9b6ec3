"""The clouds, one module each: whichever module here has a CLOUD is one."""
import importlib
import pkgutil


def all_clouds():
    """name -> class"""
    modules = [importlib.import_module(f"clouds.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return {module.CLOUD.name: module.CLOUD for module in modules if hasattr(module, "CLOUD")}
