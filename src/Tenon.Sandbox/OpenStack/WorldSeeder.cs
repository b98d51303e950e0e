namespace Tenon.Sandbox.OpenStack;

/// <summary>Makes the default world, through the services' own handlers.</summary>
internal static class WorldSeeder
{
    /// <summary>The password of every seeded user.</summary>
    public const string Password = "secret";

    /// <summary>Seeds every region.</summary>
    public static void Seed(OpenStackCloud cloud, SandboxOptions options)
    {
        if (!options.SeedWorld) return;
        cloud.Settle();
    }
}
