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

    public static ApiFault Required(string parent, string value, string property) => Invalid(parent, value, $"'{property}' is a required property");

    /// <summary>Only an administrator gets past this.</summary>
    public static void RequireAdmin(ApiRequest request, string rule)
    {
        if (!request.Token.IsAdmin) throw Policy(rule);
    }

    /// <summary>Whether the request's microversion is at least 2.MINOR.</summary>
    public static bool AtLeast(this ApiRequest request, int minor) => request.Version >= new Microversion(2, minor);

    /// <summary>The server of the route, if the asker may see it.</summary>
    public static Server FindServer(this ComputeState state, ApiRequest request)
        => state.Servers.Find(request["id"]) is { } server && request.Token.MaySee(server.ProjectId) ? server : throw NotFound("Instance", request["id"]);
}
