using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>Keystone's errors, worded as it words them.</summary>
internal static class IdentityFaults
{
    private const string BadRequest = "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.";

    public static ApiFault Unauthorized(string message = "The request you have made requires authentication.") => new(401, message);

    public static ApiFault Expecting(string attribute, string target) => new(400, $"Expecting to find {attribute} in {target}. {BadRequest}");

    public static ApiFault Required(string property) => new(400, $"'{property}' is a required property");

    public static ApiFault Forbidden(string action) => new(403, $"You are not authorized to perform the requested action: {action}.");

    public static ApiFault NotFound(string kind, string id) => new(404, $"Could not find {kind}: {id}.");

    public static ApiFault Conflict(string type, string details) => new(409, $"Conflict occurred attempting to store {type} - {details}.");
}
