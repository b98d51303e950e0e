using Tenon.Core;
using Tenon.LoadBalancing;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>A placement in the making: what is found out so far, and what speaks against it.</summary>
/// <param name="settings">What the Service asks for.</param>
/// <param name="existing">The load balancer that is there already.</param>
/// <param name="features">What the cloud's Octavia can do.</param>
internal sealed class PlacementPass(LoadBalancerSettings settings, LoadBalancer? existing, LoadBalancerFeatures features)
{
    private readonly List<PlanNote> _notes = [];
    private readonly List<string> _refusals = [];
    private string? _waitsFor;

    public LoadBalancerSettings Settings => settings;

    public LoadBalancer? Existing => existing;

    public LoadBalancerFeatures Features => features;

    public string? Provider { get; set; }

    public string? VipSubnetId { get; set; }

    public string? VipNetworkId { get; set; }

    public string? AdditionalVipSubnetId { get; set; }

    public string? MemberSubnetId { get; set; }

    public string? MemberCidr { get; set; }

    public string? FloatingNetworkId { get; set; }

    public EquatableArray<string> FloatingSubnetIds { get; set; }

    public void Refuse(string message) => _refusals.Add(message);

    public void Warn(string reason, string message) => _notes.Add(new(true, reason, message));

    public void Note(string reason, string message) => _notes.Add(new(false, reason, message));

    public void Wait(string message)
    {
        _waitsFor = message;
        Warn(ServiceEvents.NoNodes, message);
    }

    public PlacementResult End(CloudFacts facts)
    {
        Outcome? stop = _refusals.Count > 0 ? new Outcome.Refused(LoadBalancerReasons.SyncFailed, string.Join(" ", _refusals))
            : _waitsFor is not null ? new Outcome.Waiting(_waitsFor, TimeSpan.FromMinutes(1)) : null;
        var placement = new LoadBalancerPlacement
        {
            Features = features,
            Provider = Provider,
            VipSubnetId = VipSubnetId,
            VipNetworkId = VipNetworkId,
            AdditionalVipSubnetId = AdditionalVipSubnetId,
            MemberSubnetId = MemberSubnetId,
            MemberCidr = MemberCidr,
            FloatingNetworkId = FloatingNetworkId,
            FloatingSubnetIds = FloatingSubnetIds,
            RefusesAllowedCidrs = facts.RefusesAllowedCidrs(Provider),
        };
        return new(stop is null ? placement : null, stop, [.. _notes]);
    }
}
