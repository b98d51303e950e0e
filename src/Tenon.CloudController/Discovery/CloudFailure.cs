using Tenon.OpenStack;

namespace Tenon.CloudController.Discovery;

/// <summary>What a failed call of the cloud means to whoever operates the cluster.</summary>
/// <param name="Message">What happened, as one clause, with the service's own words.</param>
/// <param name="Fix">What to do, as one sentence.</param>
/// <param name="IsTransient">Whether waiting may help.</param>
public sealed record CloudFailure(string Message, string Fix, bool IsTransient)
{
    /// <summary>Explains a failure; names the option of cloud.conf or the role that decides.</summary>
    public static CloudFailure Explain(OpenStackException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        string service = NameOf(failure.Service);
        string id = failure.RequestId is { Length: > 0 } request ? $" (request {request})" : "";
        string said = $"{failure.ServiceMessage.TrimEnd('.', ' ')}{id}";
        bool authenticating = failure.Service == "identity";
        (string message, string fix) = failure.Kind switch
        {
            OpenStackErrorKind.Unauthorized when authenticating => ($"Keystone refuses the credentials: {said}",
                "Check username, password, user-domain-name, tenant-name and tenant-domain-name (or the application credential, which may have expired) in [Global] of cloud.conf."),
            OpenStackErrorKind.Unauthorized => ($"{service} refuses the token: {said}",
                "Check that the user and its project are enabled, and that this machine's clock is right."),
            OpenStackErrorKind.NotFound when authenticating => ($"Keystone does not know what it is asked for: {said}",
                "Check auth-url in [Global] of cloud.conf (it mostly ends in /v3), and that the application credential or trust was not deleted."),
            OpenStackErrorKind.Forbidden => ($"{service} forbids it: {said}",
                failure.Service == "load-balancer"
                    ? "Give the user the role load-balancer_member (or member, as the cloud has it) on the project."
                    : "Give the user the role member on the project."),
            OpenStackErrorKind.Quota => ($"a quota or a pool of addresses of {service} is exhausted: {said}",
                "Free some, or ask the cloud's operator for more."),
            OpenStackErrorKind.NoEndpoint => ($"the catalog has no endpoint for {service}: {said}",
                "Check region and os-endpoint-type in [Global] of cloud.conf."),
            OpenStackErrorKind.Tls => ($"the connection to {service} is not trusted: {said}",
                "Set ca-file in [Global] of cloud.conf to the authority that signed its certificate."),
            OpenStackErrorKind.Unavailable => ($"{service} cannot be reached: {said}",
                authenticating ? "Check auth-url in [Global] of cloud.conf, and that this machine reaches it; it is tried again by itself." : "It is tried again by itself; nothing is lost meanwhile."),
            OpenStackErrorKind.Timeout => ($"{service} did not answer in time: {said}",
                "It is tried again by itself; raise request-timeout in [Metadata] of cloud.conf if the cloud is always this slow."),
            OpenStackErrorKind.RateLimited => ($"{service} limits the rate of requests: {said}", "It is tried again by itself, when the service allows it."),
            OpenStackErrorKind.Busy => ($"{service} is changing the resource: {said}", "It is tried again by itself."),
            OpenStackErrorKind.Internal => ($"{service} failed: {said}", "It is tried again by itself; if it lasts, give the request's ID to the cloud's operator."),
            OpenStackErrorKind.NotImplemented => ($"{service} cannot do it: {said}", "Choose another lb-provider in [LoadBalancer] of cloud.conf, or leave out what asks for it."),
            _ => ($"{service} refuses the request: {said}", "Give the request's ID to the cloud's operator."),
        };
        return new CloudFailure(message, fix, failure.IsTransient);
    }

    /// <summary>Both as two sentences.</summary>
    public string ToSentences() => $"{char.ToUpperInvariant(Message[0])}{Message[1..]}. {Fix}";

    private static string NameOf(string service) => service switch
    {
        "identity" => "Keystone",
        "compute" => "Nova",
        "network" => "Neutron",
        "load-balancer" => "Octavia",
        "key-manager" => "Barbican",
        _ => service,
    };
}
