using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>Keystone's errors, worded as it words them.</summary>
internal static class IdentityFaults
{
    private const string BadRequest = "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.";

    public static ApiFault Unauthorized(string message = "The request you have made requires authentication.") => new(401, message);

    public static ApiFault Expecting(string attribute, string target) => new(400, $"Expecting to find {attribute} in {target}. {BadRequest}");

    public static ApiFault Required(string property) => new(400, $"'{property}' is a required property");

    /// <summary>What the schema says of a field; the empty path is the whole object's.</summary>
    public static ApiFault Invalid(string path, string complaint) => new(400, path.Length == 0 ? complaint : $"Invalid input for field '{path}': {complaint}");

    /// <summary>A time that must be in the future.</summary>
    public static ApiFault Past() => new(400, $"The 'expires_at' must not be before now. {BadRequest}");

    /// <summary>Without the action, as where Keystone does not say what was refused.</summary>
    public static ApiFault Forbidden() => new(403, "You are not authorized to perform the requested action.");

    public static ApiFault Forbidden(string action) => new(403, $"You are not authorized to perform the requested action: {action}.");

    public static ApiFault UndefinedRole(string name) => new(404, $"Role {name} is not defined");

    public static ApiFault NotFound(string kind, string id) => new(404, $"Could not find {kind}: {id}.");

    public static ApiFault Conflict(string type, string details) => new(409, $"Conflict occurred attempting to store {type} - {details}.");
}
