using System.Runtime.InteropServices;

namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>A microversion such as 2.93.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Microversion(int Major, int Minor) : IComparable<Microversion>
{
    public static bool TryParse(string text, out Microversion version)
    {
        version = default;
        string[] parts = text.Split('.');
        if (parts.Length != 2 || !int.TryParse(parts[0], out int major) || !int.TryParse(parts[1], out int minor)) return false;
        if (major < 0 || minor < 0) return false;
        version = new Microversion(major, minor);
        return true;
    }

    public int CompareTo(Microversion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    public static bool operator <(Microversion a, Microversion b) => a.CompareTo(b) < 0;

    public static bool operator >(Microversion a, Microversion b) => a.CompareTo(b) > 0;

    public static bool operator <=(Microversion a, Microversion b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Microversion a, Microversion b) => a.CompareTo(b) >= 0;

    public override string ToString() => $"{Major}.{Minor}";
}
