"""The OpenAPI 3.1 document of every route, made from the declarations. https://spec.openapis.org/oas/v3.1.1.html"""
