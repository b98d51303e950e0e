using Tenon.OpenStack;

namespace Tenon.LoadBalancing;

/// <summary>Octavia's usual providers, and which of those that a cloud has is taken where nobody says.</summary>
public static class OctaviaProviders
{
    /// <summary>The provider that needs no machines.</summary>
    public const string Ovn = "ovn";

    /// <summary>The provider that runs a machine, or two, for each load balancer.</summary>
    public const string Amphora = "amphora";

    /// <summary>Whether a failure says that the provider has no allowed CIDRs.</summary>
    public static bool RefusesAllowedCidrs(OpenStackException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.Kind is OpenStackErrorKind.NotImplemented && exception.ServiceMessage.Contains("allowed_cidrs", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The provider for what every provider can do: ovn where there is one, else the other.</summary>
    /// <param name="names">The providers that there are, at least one.</param>
    public static string Usual(IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return names.Contains(Ovn) ? Ovn : OtherThanOvn(names);
    }

    /// <summary>The provider for what ovn cannot do: amphora where there is one, else any other; ovn where it is the only one.</summary>
    /// <param name="names">The providers that there are, at least one.</param>
    public static string OtherThanOvn(IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return names.Contains(Amphora) ? Amphora : names.FirstOrDefault(n => n != Ovn) ?? Ovn;
    }
}
