using Tenon.Sandbox.Control;
using Tenon.Sandbox.Measures;
using Tenon.Sandbox.OpenStack;

namespace Tenon.Sandbox;

/// <summary>What the two halves of a sandbox share.</summary>
/// <param name="Options">How the sandbox shall look.</param>
/// <param name="Pipeline">Around every API call: log, latency, faults.</param>
/// <param name="Control">The control endpoint, to which each half may add.</param>
/// <param name="OpenStack">The cloud, whose servers the simulated nodes are; seeded before Kubernetes starts.</param>
internal sealed record SandboxContext(SandboxOptions Options, CallPipeline Pipeline, ControlApi Control, OpenStackCloud OpenStack);
