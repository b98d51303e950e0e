using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.Network.Policies;

namespace Tenon.Network.Services;

/// <summary>Who reaches a Service from outside, and where; as the cloud controller reads it of the same fields and annotations. Pure.</summary>
public sealed record VipExposure
{
    /// <summary>Whether the Service is of type LoadBalancer and ours to serve.</summary>
    public bool IsExternal { get; init; }

    /// <summary>Whether it gets a floating IP.</summary>
    public bool IsPublic { get; init; }

    /// <summary>The external network of a floating IP that is made; <see langword="null"/> makes none, and leaves one that is there.</summary>
    public string? FloatingNetworkId { get; init; }

    /// <summary>The floating IP that is asked for.</summary>
    public string? FloatingAddress { get; init; }

    /// <summary>Whether the floating IP survives the Service.</summary>
    public bool KeepFloatingIp { get; init; }

    /// <summary>The ranges from which clients may come; empty is everybody.</summary>
    public EquatableArray<string> SourceRanges { get; init; }

    /// <summary>What the Service should know.</summary>
    public EquatableArray<PlanNote> Notes { get; init; }

    /// <summary>Reads it of a Service.</summary>
    public static VipExposure Of(Service service, VipSurroundings around)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(around);
        IReadOnlyDictionary<string, string> annotations = service.Metadata.Annotations;
        bool keep = annotations.GetValueOrDefault(ServiceExposure.KeepFloatingIpAnnotation) == "true";
        if (!IsServed(service)) return new() { KeepFloatingIp = keep };
        var problems = new List<Problem>();
        bool isInternal = ServiceExposure.IsInternal(annotations, problems);
        bool unclear = problems.Count > 0;
        string? address = ServiceExposure.LoadBalancerIp(service.Spec, isInternal, problems);
        bool refused = problems.Count > 0;
        EquatableArray<string> ranges = PolicySources.SourceRangesOf(service, problems);
        var notes = new List<PlanNote>(problems.Select(p => new PlanNote(true, LoadBalancerReasons.SyncFailed, p.ToString())));
        if (address is not null && (isInternal || AddressRanges.IsV6(address)) && !PolicySources.VirtualIpsOf(service).Contains(address))
        {
            notes.Add(new(true, LoadBalancerReasons.SyncFailed,
                $"spec.loadBalancerIP {address}: the address of an internal Service, and every one of IPv6, is its virtual IP, which Kubernetes gives. Set spec.clusterIP when the Service is made, or remove the field."));
        }

        if (!ranges.IsEmpty && !around.KeepsClientAddress && !around.AllowedCidrs)
        {
            notes.Add(new(true, "LoadBalancerSourceRangesIgnored",
                $"spec.loadBalancerSourceRanges is not applied: Octavia's provider {around.Provider ?? "(the cloud's default)"} has no allowed CIDRs here, and pods do not see the clients' addresses. Set --service-lb-provider to ovn, or to amphora with Octavia API 2.12."));
        }

        return new()
        {
            IsExternal = true,
            // Until it is clear what is meant, nothing is made and nothing is taken away.
            IsPublic = !isInternal || unclear,
            FloatingNetworkId = refused ? null : annotations.GetValueOrDefault(ServiceExposure.FloatingNetworkAnnotation)?.Trim() is { Length: > 0 } named ? named : around.FloatingNetworkId,
            FloatingAddress = isInternal || address is null || AddressRanges.IsV6(address) ? null : address,
            KeepFloatingIp = keep,
            SourceRanges = ranges,
            Notes = [.. notes],
        };
    }

    /// <summary>Whether a Service is reached from outside through us.</summary>
    internal static bool IsServed(Service service) => service is { Spec.Type: "LoadBalancer", Spec.LoadBalancerClass: null or "" };

    /// <summary>Why a public Service has no address.</summary>
    internal static PlanNote WithoutNetwork(VipSurroundings around) => new(true, "LoadBalancerExternalNetworkSearchFailed",
        around.ExternalNetworks.IsEmpty
            ? $"There is no external network that the project can see, so there is no floating IP and no address is published. Ask for one, or set the annotation {ServiceExposure.InternalAnnotation} to \"true\"."
            : $"There are {around.ExternalNetworks.Count} external networks and none is chosen ({string.Join(", ", around.ExternalNetworks)}), so there is no floating IP and no address is published. Set [LoadBalancer] floating-network-id in cloud.conf, or the annotation {ServiceExposure.FloatingNetworkAnnotation}, to the ID of one of them.");
}
