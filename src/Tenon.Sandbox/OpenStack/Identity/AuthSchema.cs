using System.Text.Json.Nodes;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>The schema that Keystone checks the <c>auth</c> of a request with, before it looks at any method.</summary>
internal static class AuthSchema
{
    /// <summary>Throws what is wrong first.</summary>
    public static void Check(JsonNode? auth)
    {
        JsonObject root = Object(auth, "");
        JsonObject identity = Object(Required(root, "identity", ""), "identity");
        if (Required(identity, "methods", "identity") is not JsonArray) throw Mistyped(identity["methods"], "array", "identity/methods");
        if (identity.TryGetPropertyValue("token", out JsonNode? token))
            Text(Required(Object(token, "identity/token"), "id", "identity/token"), "identity/token/id");
        if (!identity.TryGetPropertyValue("password", out JsonNode? password)) return;
        if (!Object(password, "identity/password").TryGetPropertyValue("user", out JsonNode? user)) return;
        JsonObject given = Object(user, "identity/password/user");
        foreach (string field in (string[])["id", "name", "password"])
        {
            if (given.TryGetPropertyValue(field, out JsonNode? value)) Text(value, $"identity/password/user/{field}");
        }

        if (given.TryGetPropertyValue("domain", out JsonNode? domain)) Object(domain, "identity/password/user/domain");
    }

    private static JsonNode? Required(JsonObject parent, string name, string path)
        => parent.TryGetPropertyValue(name, out JsonNode? value) ? value : throw IdentityFaults.Invalid(path, $"'{name}' is a required property");

    private static JsonObject Object(JsonNode? value, string path) => value as JsonObject ?? throw Mistyped(value, "object", path);

    private static void Text(JsonNode? value, string path)
    {
        if (value?.GetValueKind() != System.Text.Json.JsonValueKind.String) throw Mistyped(value, "string", path);
    }

    private static Http.ApiFault Mistyped(JsonNode? value, string type, string path)
        => IdentityFaults.Invalid(path, $"{Http.Python.Repr(value)} is not of type '{type}'");
}
