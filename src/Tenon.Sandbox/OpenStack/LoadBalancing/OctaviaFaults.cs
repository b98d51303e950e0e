using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;

namespace Tenon.Sandbox.OpenStack.LoadBalancing;

/// <summary>Octavia's errors, in its own words.</summary>
internal static class OctaviaFaults
{
    public static ApiFault NotFound(string resource, string id) => new(404, $"{resource} {id} not found.");

    /// <summary>A reference to something of another service that is not there.</summary>
    public static ApiFault NoSuch(string resource, string id) => new(400, $"{resource} {id} not found.");

    public static ApiFault Validation(string detail) => new(400, $"Validation failure: {detail}");

    public static ApiFault Field(string name, string value, string should) => new(400, $"Invalid input for field/attribute {name}. Value: '{value}'. {should}");

    public static ApiFault Missing(string name) => Field(name, "None", "Mandatory field missing.");

    /// <summary>A tag given twice trips over the database's key.</summary>
    public static ApiFault Exists() => new(409, "Already an entity with that specified id.");

    /// <summary>What Octavia answers where it did not expect what it got: an unhandled error of Python.</summary>
    public static ApiFault Crash(string message) => new(500, message);

    public static ApiFault Option(string value, string option) => new(400, $"{value} is not a valid option for {option}");

    public static ApiFault Immutable(string resource, string id) => new(409, $"{resource} {id} is immutable and cannot be updated.");

    public static ApiFault Pending(LoadBalancer balancer) => new(409, $"Invalid state {balancer.Provisioning} of loadbalancer resource {balancer.Id}");

    public static ApiFault Quota(string resource) => new(403, $"Quota has been met for resources: {resource}");

    public static ApiFault Forbidden() => new(403, "Policy does not allow this request to be performed.");

    public static ApiFault UnsupportedOption(string provider, string message)
        => new(501, $"Provider '{provider}' does not support a requested option: {message}");

    public static ApiFault UnsupportedAction(string provider, string message)
        => new(501, $"Provider '{provider}' does not support a requested action: {message}");

    public static ApiFault ProviderError(string provider, string message) => new(500, $"Provider '{provider}' reports error: {message}");
}
