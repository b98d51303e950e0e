using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>Nova's errors, worded as it words them, and what handlers share.</summary>
internal static class ComputeFaults
{
    public static ApiFault Bad(string message) => new(400, message);

    public static ApiFault Policy(string rule) => new(403, $"Policy doesn't allow {rule} to be performed.");

    public static ApiFault NotFound(string what, string id) => new(404, $"{what} {id} could not be found.");

    public static ApiFault Missing() => new(404, "The resource could not be found.");

    public static ApiFault Invalid(string field, string value, string reason) => Bad($"Invalid input for field/attribute {field}. Value: {value}. {reason}");

    public static ApiFault Required(string parent, JsonNode? value, string property) => Invalid(parent, Python.Str(value), $"'{property}' is a required property");

    /// <summary>Refuses members that an object does not have at this microversion.</summary>
    public static void OnlyHas(this JsonObject body, string parent, IReadOnlyCollection<string> known)
    {
        string[] unknown = [.. body.Select(p => p.Key).Where(k => !known.Contains(k))];
        if (unknown.Length == 0) return;
        string verb = unknown.Length == 1 ? "was" : "were";
        throw Invalid(parent, Python.Repr(body), $"Additional properties are not allowed ({string.Join(", ", unknown.Select(Python.Repr))} {verb} unexpected)");
    }

    /// <summary>Tags, checked as Nova's schema does.</summary>
    public static string[] Tags(JsonArray tags)
    {
        for (int i = 0; i < tags.Count; i++)
        {
            string text = Python.Str(tags[i]);
            if (text.IndexOfAny([',', '/']) >= 0) throw Invalid($"{i}", text, $"'{text}' does not match '^[^,/]*$'");
            if (text.Length > 60) throw Invalid($"{i}", text, $"'{text}' is too long");
        }

        return [.. tags.Select(Python.Str).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Metadata, checked as Nova's schema does.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Metadata(JsonObject metadata)
    {
        foreach ((string key, JsonNode? value) in metadata)
        {
            if (value?.GetValueKind() != System.Text.Json.JsonValueKind.String) throw Invalid(key, Python.Str(value), $"{Python.Repr(value)} is not of type 'string'");
            if (value.GetValue<string>().Length > 255) throw Invalid(key, Python.Str(value), $"{Python.Repr(value)} is too long");
        }

        return metadata.Select(p => new KeyValuePair<string, string>(p.Key, p.Value!.GetValue<string>()));
    }

    /// <summary>A locked server may be changed by an administrator only.</summary>
    public static Server Unlocked(this Server server, ApiRequest request)
        => server.Locked && !request.Token.IsAdmin ? throw new ApiFault(409, $"Instance {server.Id} is locked") : server;

    /// <summary>Only an administrator gets past this.</summary>
    public static void RequireAdmin(ApiRequest request, string rule)
    {
        if (!request.Token.IsAdmin) throw Policy(rule);
    }

    /// <summary>Whether the request's microversion is at least 2.MINOR.</summary>
    public static bool AtLeast(this ApiRequest request, int minor) => request.Version >= new Microversion(2, minor);

    /// <summary>The server of the route, where it is more than a request yet.</summary>
    public static Server FindScheduled(this ComputeState state, ApiRequest request)
        => state.FindServer(request) is var server && (server.Scheduled || server.VmState != VmStates.Building) ? server : throw NotFound("Instance", request["id"]);

    /// <summary>The server of the route, if the asker may see it.</summary>
    public static Server FindServer(this ComputeState state, ApiRequest request)
        => state.Servers.Find(request["id"]) is { } server && request.Token.MaySee(server.ProjectId) ? server : throw NotFound("Instance", request["id"]);
}
