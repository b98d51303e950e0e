namespace Tenon.Demo;

/// <summary>What a demonstration is told.</summary>
/// <param name="Cloud">A cloud of clouds.yaml; <see langword="null"/> is the sandbox's.</param>
/// <param name="Network">The network to take there.</param>
/// <param name="Image">The image to boot there.</param>
/// <param name="Nodes">How many servers.</param>
/// <param name="Keep">Whether it goes on running.</param>
internal sealed record DemoOptions(string? Cloud, string? Network, string? Image, int Nodes, bool Keep);
