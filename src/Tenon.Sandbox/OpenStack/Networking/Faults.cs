using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Networking;

/// <summary>Neutron's errors: type names and wording as the service has them.</summary>
internal static class Faults
{
    /// <summary>What the web layer refuses before any plugin sees the request.</summary>
    public static ApiFault Http400(string message) => new(400, message, "HTTPBadRequest");

    /// <summary>The web layer's refusal of one attribute's value.</summary>
    public static ApiFault Attribute(string name, string reason) => Http400($"Invalid input for {name}. Reason: {reason}.");

    public static ApiFault BadRequest(string resource, string message) => new(400, $"Bad {resource} request: {message}.", "BadRequest");

    public static ApiFault InvalidInput(string message) => new(400, $"Invalid input for operation: {message}.", "InvalidInput");

    public static ApiFault Invalid(string type, string message) => new(400, message, type);

    public static ApiFault Conflict(string type, string message) => new(409, message, type);

    public static ApiFault NotFound(string type, string message) => new(404, message, type);

    public static ApiFault NotFound() => new(404, "The resource could not be found.", "HTTPNotFound");

    public static ApiFault NetworkNotFound(string id) => NotFound("NetworkNotFound", $"Network {id} could not be found.");

    public static ApiFault SubnetNotFound(string id) => NotFound("SubnetNotFound", $"Subnet {id} could not be found.");

    public static ApiFault PortNotFound(string id) => NotFound("PortNotFound", $"Port {id} could not be found.");

    public static ApiFault RouterNotFound(string id) => NotFound("RouterNotFound", $"Router {id} could not be found");

    public static ApiFault GroupNotFound(string id) => NotFound("SecurityGroupNotFound", $"Security group {id} does not exist");

    public static ApiFault NotFoundPool(string id) => NotFound("SubnetPoolNotFound", $"Subnet pool {id} could not be found.");

    public static ApiFault Forbidden(string rule) => new(403, $"{rule} is disallowed by policy", "PolicyNotAuthorized");

    /// <summary>What the service answers where it breaks: kept, since a client meets it there.</summary>
    public static ApiFault Crash() => new(500, "Request Failed: internal server error while processing your request.", "HTTPInternalServerError");

    public static ApiFault OverQuota(string resource) => new(409, $"Quota exceeded for resources: ['{resource}'].", "OverQuota");
}
