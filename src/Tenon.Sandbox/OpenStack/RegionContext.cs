using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;

namespace Tenon.Sandbox.OpenStack;

/// <summary>What the services of one region share.</summary>
internal sealed class RegionContext(string region, int index, SandboxOptions options, IdentityService identity)
{
    public string Region => region;

    /// <summary>0 for the first region; seeds addresses so that regions do not share them.</summary>
    public int Index => index;

    public SandboxOptions Options => options;

    /// <summary>Held while a handler or a transition of this region runs; reentrant.</summary>
    public Lock Gate { get; } = new();

    public Transitions Transitions { get; } = new(options.TimeProvider);

    /// <summary>The present, as handlers and transitions must take it.</summary>
    public DateTimeOffset Now => Transitions.Now;

    /// <summary>How long transitional states last; may be changed while the sandbox runs.</summary>
    public SandboxDelays Delays { get; set; } = options.Delays;

    /// <summary>Projects, users and roles; has its own lock, may be asked with the gate held.</summary>
    public IdentityService Identity => identity;

    /// <summary>The zones az1..azZ.</summary>
    public IReadOnlyList<string> Zones { get; } = [.. Enumerable.Range(1, Math.Max(1, options.Zones)).Select(i => $"az{i}")];

    /// <summary>The compute hosts, one a zone.</summary>
    public IReadOnlyList<string> Hosts { get; } =
        [.. Enumerable.Range(1, Math.Max(1, options.Zones)).Select(i => $"{(index == 0 ? "" : region.ToLowerInvariant() + "-")}compute{i}")];
}
