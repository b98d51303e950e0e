using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Configuration;

/// <summary>Sections that other drivers read from the same file, so that nobody is warned about them.</summary>
internal static class ForeignSections
{
    /// <summary>The Cinder driver's section.</summary>
    public static SectionDefinition BlockStorage { get; } = new("BlockStorage", HasSubsections: false,
    [
        new("ignore-volume-az", OptionKind.Flag, "false"),
        new("ignore-volume-microversion", OptionKind.Flag, "false"),
        new("node-volume-attach-limit", OptionKind.Number, "256"),
        new("rescan-on-resize", OptionKind.Flag, "false"),
        new("bs-version", OptionKind.Text, Retired: "Remove it; Cinder's API is v3 everywhere."),
        new("trust-device-path", OptionKind.Flag, Retired: "Remove it; the Cinder driver never trusts device paths."),
    ], Ignored: "the Cinder driver reads it");
}
