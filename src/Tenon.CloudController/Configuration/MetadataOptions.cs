using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Configuration;

/// <summary>The section <c>[Metadata]</c> of cloud.conf.</summary>
public sealed record MetadataOptions
{
    /// <summary>What <see cref="RequestTimeout"/> is when it is not set.</summary>
    public static readonly TimeSpan DefaultRequestTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Where a machine's own metadata is read, in order: <c>configDrive</c>, <c>metadataService</c>. The cloud controller asks Nova instead.</summary>
    public string SearchOrder { get; init; } = "configDrive,metadataService";

    /// <summary>How long one request to the cloud may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = DefaultRequestTimeout;

    /// <summary>What the section may hold.</summary>
    public static SectionDefinition Definition { get; } = new("Metadata", HasSubsections: false,
    [
        new("search-order", OptionKind.Text, "configDrive,metadataService"),
        new("request-timeout", OptionKind.Duration, "1m"),
    ]);

    /// <summary>Reads the section, gathering problems.</summary>
    public static MetadataOptions Read(OptionReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        string order = reader.Text("search-order", "configDrive,metadataService");
        string[] sources = order.Split(',', StringSplitOptions.TrimEntries);
        foreach (string source in sources.Where(s => s is not ("configDrive" or "metadataService")))
            reader.Error("search-order", source, "there is no such source of metadata", "Write configDrive, metadataService, or both with a comma between.");
        if (sources.Length > 2)
            reader.Error("search-order", order, "there are more than two sources", "Write configDrive, metadataService, or both with a comma between.");
        TimeSpan timeout = reader.Duration("request-timeout", DefaultRequestTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        return new MetadataOptions
        {
            SearchOrder = order,
            RequestTimeout = timeout == TimeSpan.Zero ? DefaultRequestTimeout : timeout,
        };
    }
}
