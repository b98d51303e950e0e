using System.Collections.Frozen;
using System.Net;
using static Tenon.OpenStack.OpenStackErrorKind;

namespace Tenon.OpenStack.Http;

/// <summary>The one place that says what a service's failure means.</summary>
internal static class ErrorClassifier
{
    /// <summary>Neutron errors whose resource or address pool is exhausted, whatever their status.</summary>
    private static readonly FrozenSet<string> NeutronExhausted = new[]
    {
        "OverQuota", "SubnetPoolQuotaExceeded", "IpAddressGenerationFailure",
        "IpAddressGenerationFailureAllSubnets", "IpAddressGenerationFailureNoMatchingSubnet", "ExternalIpAddressExhausted",
        "NoNetworkAvailable", "SubnetAllocationError", "RoutesExhausted", "AllowedAddressPairExhausted",
        "HostRoutesExhausted", "DNSNameServersExhausted", "ResourceExhausted",
    }.ToFrozenSet();

    /// <summary>What an answer means.</summary>
    /// <param name="service">The official service type.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="error">What the body says.</param>
    /// <param name="operation">What was being done.</param>
    /// <param name="hasRetryAfter">Whether the service asks to be left alone for a while.</param>
    public static OpenStackErrorKind Classify(
        string service, string operation, HttpStatusCode status, ServiceError error, bool hasRetryAfter) => (int)status switch
    {
        400 when service == ServiceTypes.Network && IsIn(NeutronExhausted, error) => Quota,
        400 => BadRequest,
        401 => Unauthorized,
        403 => Forbid(service, error),
        404 => Missing(service, error),
        405 or 406 or 411 or 414 or 415 or 422 => BadRequest,
        408 => OpenStackErrorKind.Timeout,
        409 => Conflicts(service, error),
        412 => Conflict,
        413 => hasRetryAfter ? RateLimited : service == ServiceTypes.Compute ? Quota : BadRequest,
        423 => Busy,
        429 => RateLimited,
        500 => ProviderSays(service, error),
        501 => NotImplemented,
        502 => Unavailable,
        503 when service == ServiceTypes.Network && IsIn(NeutronExhausted, error) => Quota,
        503 when service == ServiceTypes.LoadBalancer && Says(error, "Project busy") => Busy,
        503 => Unavailable,
        504 => OpenStackErrorKind.Timeout,
        >= 400 and < 500 => BadRequest,
        _ => Internal,
    };

    /// <summary>
    /// Only the service itself can say that a resource does not exist: a proxy's 404 taken for it would make a caller
    /// believe that servers were deleted.
    /// </summary>
    private static OpenStackErrorKind Missing(string service, ServiceError error) => error.Origin switch
    {
        // Keystone: "Could not find Application Credential: …" at a login, and whatever else it is asked with a token of one that was deleted; also
        // of a deleted trust, and of users and projects of some releases. We ask it for nothing that could be missing but ourselves.
        ErrorOrigin.Service when service == ServiceTypes.Identity => Unauthorized,
        ErrorOrigin.Service => NotFound,
        ErrorOrigin.Framework => NotImplemented,
        _ => Unavailable,
    };

    private static OpenStackErrorKind Forbid(string service, ServiceError error) => service switch
    {
        // Octavia: "Quota has been met for resources: LoadBalancer"; Nova: "Quota exceeded for instances: …"; Barbican: "Quota reached …".
        _ when Says(error, "quota has been met") || Says(error, "quota exceeded") || Says(error, "quota reached") => Quota,
        ServiceTypes.Network when IsIn(NeutronExhausted, error) => Quota,
        _ => Forbidden,
    };

    private static OpenStackErrorKind Conflicts(string service, ServiceError error) => service switch
    {
        // Octavia: "Load Balancer … is immutable and cannot be updated.", "Invalid state PENDING_UPDATE of loadbalancer resource …".
        ServiceTypes.LoadBalancer when Says(error, "is immutable") => Busy,
        ServiceTypes.LoadBalancer when Says(error, "Invalid state") => Says(error, "Invalid state ERROR") ? Conflict : Busy,
        ServiceTypes.Network when IsIn(NeutronExhausted, error) => Quota,

        // Nova: "Cannot 'x' instance … while it is in task_state deleting" / "… in vm_state building", "is locked".
        ServiceTypes.Compute when Says(error, "task_state") || Says(error, "vm_state building") => Busy,
        ServiceTypes.Compute when Says(error, "quota") => Quota,
        _ => Conflict,
    };

    private static OpenStackErrorKind ProviderSays(string service, ServiceError error)
        => service == ServiceTypes.LoadBalancer && Says(error, "does not support a requested") ? NotImplemented : Internal;

    private static bool IsIn(FrozenSet<string> types, ServiceError error) => error.Code is { } code && types.Contains(code);

    private static bool Says(ServiceError error, string words) => error.Message.Contains(words, StringComparison.OrdinalIgnoreCase);
}
